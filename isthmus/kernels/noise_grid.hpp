#pragma once

#include <algorithm>
#include <cstdint>

#include "isthmus/kernels/philox.hpp"

namespace isthmus::kernels {

/// The matrix of a fill, seen as its blocks of four columns, row after row. A row's last block may be wider
/// than what is left of the row; its extra words are drawn and dropped.
struct Grid {
  int64_t columns;
  int64_t blocks;  // in a row
  NoiseKey key;
  uint32_t first_row;

  /// Where the first number of a flat block stands in the matrix.
  int64_t offset(int64_t block) const { return block / blocks * columns + 4 * (block % blocks); }
};

/// Blocks drawn at once into first-level cache when rows are not whole blocks.
inline constexpr int64_t tile_blocks = 256;

/// Copies from `tile`, which holds whole blocks begin … end-1 of the grid, the numbers that lie in the
/// matrix. Returns the end of what it wrote.
template <class T>
T* keep_columns(const Grid& grid, int64_t begin, int64_t end, const T* tile, T* out) {
  while (begin < end) {
    const int64_t block = begin % grid.blocks;
    const int64_t stop = std::min(end, begin - block + grid.blocks);
    out = std::copy_n(tile, std::min(4 * (stop - begin), grid.columns - 4 * block), out);
    tile += 4 * (stop - begin);
    begin = stop;
  }
  return out;
}

}  // namespace isthmus::kernels
