#pragma once

#include <cstdint>
#include <span>
#include <vector>

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

/// Sets of as many images each, in order, as cells of a grid of `columns`: first a row of the first set,
/// below it the row of the second that goes with it, and so on through the sets; then the next rows. What is
/// missing in a last row is white. Throws Error when there is no image, or the sets differ in number.
std::vector<io::Image> interleave(std::span<const std::vector<io::Image>> sets, int64_t columns);

/// The largest whole scale at which `columns` images of `width` pixels stay within about 1,200 pixels; at
/// least 1. `chosen` when it is above 0.
int64_t fitting_scale(int64_t chosen, int64_t columns, int64_t width);

}  // namespace isthmus::canvas
