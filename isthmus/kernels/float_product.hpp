#pragma once

#include <cstdint>
#include <span>

#include "isthmus/kernels/matrix.hpp"

namespace isthmus::kernels {

/// out = a b, or a b + bias, or out + a b: [m, k] [k, n] → [m, n], which must not overlap the factors. `bias`
/// has n numbers where `to` asks for it, else none. Added up in float32, at most 256 products in one sum
/// before sums are added. The same bits on any number of threads, which share out either rows or columns:
/// made for a few of them, and for factors of up to some thousand rows and columns. Throws Error when shapes
/// do not agree.
void float_product(const Rows& out, const Factor<float>& a, const Factor<float>& b, AddTo to = AddTo::nothing,
                   std::span<const float> bias = {});

}  // namespace isthmus::kernels
