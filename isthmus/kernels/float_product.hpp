#pragma once

#include <cstdint>
#include <span>

#include "isthmus/kernels/matrix.hpp"

namespace isthmus::kernels {

/// out = a b, or a b + bias, or out + a b: [m, k] [k, n] → [m, n], which must not overlap the factors. `bias`
/// has n numbers where `to` asks for it, else none. Added up in float32, in runs of at most 256. The same
/// bits on any number of threads. Throws Error when shapes do not agree.
void float_product(const Rows& out, const Factor<float>& a, const Factor<float>& b, AddTo to = AddTo::nothing,
                   std::span<const float> bias = {});

}  // namespace isthmus::kernels
