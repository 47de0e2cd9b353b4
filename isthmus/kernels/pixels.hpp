#pragma once

#include <cstdint>
#include <span>

namespace isthmus::kernels {

/// out[i] = the example rows[i] of `pixels`, every byte divided by `white` and rounded to nearest, as `/`
/// does. Examples have `each` bytes and lie one after the other. Throws Error when `out` has no room for just
/// these rows, or a row does not lie in `pixels`.
void gather_pixels(std::span<float> out, std::span<const uint8_t> pixels, std::span<const int64_t> rows,
                   int64_t each, float white);

}  // namespace isthmus::kernels
