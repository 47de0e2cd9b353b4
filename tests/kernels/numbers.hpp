#pragma once

#include <cstdint>
#include <vector>

#include "isthmus/kernels/philox.hpp"

namespace isthmus::kernels {

/// [rows, columns] normal numbers; another stream gives others.
inline std::vector<float> normal(int64_t rows, int64_t columns, uint32_t stream = 0, float mean = 0,
                                 float deviation = 1) {
  std::vector<float> out(static_cast<size_t>(rows * columns));
  fill_normal(out, rows, columns, {.seed = 8, .stream = stream}, 0);
  for (float& x : out) x = mean + deviation * x;
  return out;
}

}  // namespace isthmus::kernels
