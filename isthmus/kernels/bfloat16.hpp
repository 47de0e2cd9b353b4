#pragma once

#include <bit>
#include <cstdint>
#include <span>

namespace isthmus::kernels {

/// The upper half of a float32: its sign, its exponent and 7 bits of its fraction.
using Bfloat16 = uint16_t;

/// The bfloat16 nearest to x, ties to even. NaN stays NaN.
constexpr Bfloat16 to_bfloat16(float x) {
  const auto bits = std::bit_cast<uint32_t>(x);
  if (x != x) return static_cast<Bfloat16>((bits | 0x00400000U) >> 16);
  return static_cast<Bfloat16>((bits + 0x7FFFU + (bits >> 16 & 1U)) >> 16);
}

constexpr float to_float(Bfloat16 x) {
  return std::bit_cast<float>(static_cast<uint32_t>(x) << 16);
}

/// out[i] = to_bfloat16(numbers[i]). Throws Error when the lengths differ.
void round_to_bfloat16(std::span<Bfloat16> out, std::span<const float> numbers);

}  // namespace isthmus::kernels
