#pragma once

#include <cstdint>
#include <span>

#include "isthmus/kernels/bfloat16.hpp"

namespace isthmus::kernels {

enum class Activation { identity, relu, tanh, sigmoid, softplus };

/// y = f(y + bias) in place: the epilogue of a linear layer. `y` is row-major [rows, columns]; `bias` has
/// `columns` numbers, or none. Measured over all magnitudes, in units in the last place of the result: tanh
/// within 1.4, sigmoid 2.3, softplus (log(1 + e^x), no threshold) 2.6, the others exact. NaN stays NaN.
/// Throws Error when sizes do not agree.
void activate(std::span<float> y, std::span<const float> bias, int64_t rows, int64_t columns,
              Activation activation);

/// dx = dy · f'(x), told from y = f(x) alone, and dbias = the sum of dx over rows, in one pass. `dx` may be
/// `dy` or `y`; `dbias` has `columns` numbers, or none when nobody wants it, and is added to where
/// `add_to_dbias`. The same bits on any number of threads.
void activate_backward(std::span<float> dx, std::span<float> dbias, std::span<const float> y,
                       std::span<const float> dy, int64_t rows, int64_t columns, Activation activation,
                       bool add_to_dbias = false);

/// The same with dx rounded to bfloat16; dbias is the sum of what was not rounded yet.
void activate_backward(std::span<Bfloat16> dx, std::span<float> dbias, std::span<const float> y,
                       std::span<const float> dy, int64_t rows, int64_t columns, Activation activation,
                       bool add_to_dbias = false);

}  // namespace isthmus::kernels
