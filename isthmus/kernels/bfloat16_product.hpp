#pragma once

#include <cstdint>
#include <span>

#include "isthmus/kernels/bfloat16.hpp"
#include "isthmus/kernels/matrix.hpp"

namespace isthmus::kernels {

/// How a processor multiplies bfloat16 numbers: in registers that hold tiles of them (AMX), or in vectors, by
/// adding up two products at once (AVX-512 BF16).
enum class Bfloat16Way { tiles, pairs };

/// The ways that this processor has and the system grants, the fastest first.
std::span<const Bfloat16Way> bfloat16_ways();

/// out = a b, or a b + bias, or out + a b: [m, k] [k, n] → [m, n], which must not overlap the factors. `bias`
/// has n numbers where `to` asks for it, else none. Added up in float32; numbers below 1.2e-38 count as 0.
/// The same bits on any number of threads. Throws Error when shapes do not agree, or for a way that is not
/// among bfloat16_ways().
void bfloat16_product(Bfloat16Way way, const Rows& out, const Factor<Bfloat16>& a, const Factor<Bfloat16>& b,
                      AddTo to = AddTo::nothing, std::span<const float> bias = {});

}  // namespace isthmus::kernels
