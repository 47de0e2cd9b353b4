#pragma once

#include <cstdint>
#include <span>

namespace isthmus::kernels {

/// Where the k largest numbers of each row of a row-major [rows, columns] matrix stand: `places` gets k
/// columns a row, in ascending order. Of equal numbers the first ones are taken, though 0 comes before -0;
/// NaN counts as larger than all. Throws Error unless 1 ≤ k ≤ columns and the sizes agree.
void top_k(std::span<int32_t> places, std::span<const float> x, int64_t rows, int64_t columns, int64_t k);

/// out = x at the places of each row, [rows, k], and 0 elsewhere. Throws Error when the sizes do not agree.
void keep_places(std::span<float> out, std::span<const float> x, std::span<const int32_t> places,
                 int64_t rows, int64_t columns);

}  // namespace isthmus::kernels
