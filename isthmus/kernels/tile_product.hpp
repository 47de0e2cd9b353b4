#pragma once

#include <cstdint>
#include <span>

#include "isthmus/kernels/bfloat16.hpp"
#include "isthmus/kernels/matrix.hpp"

namespace isthmus::kernels {

/// Whether this processor multiplies by tile registers (AMX), and the system lets this process use them.
bool has_tiles();

/// out = a b, or a b + bias, or out + a b: [m, k] [k, n] → [m, n], which must not overlap the factors. `bias`
/// has n numbers where `to` asks for it, else none. Added up in float32; numbers below 1.2e-38 count as 0.
/// The same bits on any number of threads. Throws Error when shapes do not agree, or without has_tiles().
void tile_product(const Rows& out, const Factor<Bfloat16>& a, const Factor<Bfloat16>& b,
                  AddTo to = AddTo::nothing, std::span<const float> bias = {});

}  // namespace isthmus::kernels
