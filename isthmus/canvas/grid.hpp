#pragma once

#include <cstdint>
#include <span>

#include "isthmus/io/image.hpp"

namespace isthmus::canvas {

/// Lengths in pixels of the finished picture.
struct Grid {
  int64_t columns = 1;
  int64_t scale = 1;  ///< each pixel becomes scale × scale: nearest neighbour, so edges stay crisp
  int64_t gap = 2;
  int64_t margin = 0;
  int64_t rows_per_group = 0;  ///< a wider gap after every so many rows; 0 for none
  bool outer_columns = false;  ///< a wider gap after the first column and before the last
};

/// Images of one size, left to right and top to bottom, on white. A last row may be short. Throws Error when
/// there are none, they differ in size, or the picture would be larger than 32,767 pixels a side.
io::Image tile(std::span<const io::Image> images, const Grid& grid);

/// The largest whole scale at which `columns` images of `width` pixels stay within about 1,200 pixels; at
/// least 1. `chosen` when it is above 0.
int64_t fitting_scale(int64_t chosen, int64_t columns, int64_t width);

}  // namespace isthmus::canvas
