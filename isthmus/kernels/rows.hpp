#pragma once

#include <cstdint>
#include <span>

namespace isthmus::kernels {

/// out[r] = log of the sum of e^in over row r of a row-major [rows, columns] matrix, summed in double: within
/// 1e-7 of the exact value. -inf adds exactly nothing; a row of -inf only, or of no columns, gives -inf; +inf
/// gives +inf; NaN gives NaN. Throws Error when sizes do not agree.
void log_sum_exp(std::span<double> out, std::span<const float> in, int64_t rows, int64_t columns);

/// out[r] = e^in / sum of e^in over each row. -inf gives exactly 0. A row of -inf only, or with +inf or NaN,
/// has no such distribution and gives NaN. `out` may be `in`. Throws Error when sizes do not agree.
void softmax(std::span<float> out, std::span<const float> in, int64_t rows, int64_t columns);

}  // namespace isthmus::kernels
