#include "isthmus/canvas/grid.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "isthmus/core/error.hpp"

namespace isthmus::canvas {

namespace {

/// Where each of `count` cells of `size` pixels begins, and, last, where the margin behind them ends.
template <class Wide>
std::vector<int64_t> offsets(int64_t count, int64_t size, const Grid& grid, Wide wide_before) {
  std::vector<int64_t> begin{grid.margin};
  for (int64_t cell = 1; cell < count; ++cell)
    begin.push_back(begin.back() + size + (wide_before(cell) ? grid.gap * 5 : grid.gap));
  begin.push_back(begin.back() + size + grid.margin);
  return begin;
}

void check(std::span<const io::Image> images, const Grid& grid) {
  if (images.empty() || grid.columns < 1 || grid.scale < 1)
    throw Error(
        {.who = "canvas",
         .expected = "at least one image, one column and a scale of 1",
         .got = fmt::format("{} images, {} columns, scale {}", images.size(), grid.columns, grid.scale)});
  const io::Image& first = images.front();
  for (const io::Image& image : images)
    if (image.height != first.height || image.width != first.width || image.channels != first.channels)
      throw Error({.who = "canvas",
                   .expected = fmt::format("images of {}x{}x{}", first.channels, first.height, first.width),
                   .got = fmt::format("one of {}x{}x{}", image.channels, image.height, image.width)});
}

/// One image, enlarged, at (top, left).
void place(const io::Image& image, int64_t scale, int64_t top, int64_t left, io::Image& sheet) {
  const int64_t channels = image.channels;
  for (int64_t y = 0; y < image.height * scale; ++y) {
    auto out = sheet.pixels.begin() + ((top + y) * sheet.width + left) * channels;
    const auto row = image.pixels.begin() + y / scale * image.width * channels;
    for (int64_t x = 0; x < image.width; ++x)
      for (int64_t copy = 0; copy < scale; ++copy) out = std::copy_n(row + x * channels, channels, out);
  }
}

}  // namespace

io::Image tile(std::span<const io::Image> images, const Grid& grid) {
  check(images, grid);
  const io::Image& first = images.front();
  const int64_t count = static_cast<int64_t>(images.size());
  const int64_t columns = std::min(grid.columns, count);
  const int64_t rows = (count + columns - 1) / columns;
  const auto x = offsets(columns, first.width * grid.scale, grid, [&](int64_t column) {
    return grid.outer_columns && (column == 1 || column == columns - 1);
  });
  const auto y = offsets(rows, first.height * grid.scale, grid, [&](int64_t row) {
    return grid.rows_per_group > 0 && row % grid.rows_per_group == 0;
  });
  io::Image sheet{.height = y.back(), .width = x.back(), .channels = first.channels, .pixels = {}};
  if (sheet.height > 32767 || sheet.width > 32767)
    throw Error({.who = "canvas",
                 .expected = "a picture of at most 32,767 pixels a side",
                 .got = fmt::format("{} by {}", sheet.width, sheet.height),
                 .hint = "fewer images, or a smaller scale"});
  sheet.pixels.assign(static_cast<size_t>(sheet.height * sheet.width * sheet.channels), 255);
  for (int64_t cell = 0; cell < count; ++cell)
    place(images[static_cast<size_t>(cell)], grid.scale, y[static_cast<size_t>(cell / columns)],
          x[static_cast<size_t>(cell % columns)], sheet);
  return sheet;
}

std::vector<io::Image> interleave(std::span<const std::vector<io::Image>> sets, int64_t columns) {
  if (sets.empty() || sets.front().empty() || columns < 1)
    throw Error({.who = "canvas", .expected = "at least one image and one column", .got = "none"});
  const size_t count = sets.front().size();
  for (const auto& set : sets)
    if (set.size() != count)
      throw Error({.who = "canvas",
                   .expected = fmt::format("sets of {} images", count),
                   .got = fmt::format("one of {}", set.size())});
  io::Image blank = sets.front().front();
  std::ranges::fill(blank.pixels, 255);
  const size_t across = std::min(static_cast<size_t>(columns), count);
  std::vector<io::Image> cells;
  for (size_t row = 0; row < count; row += across)
    for (const auto& set : sets)
      for (size_t i = row; i < row + across; ++i) cells.push_back(i < count ? set[i] : blank);
  return cells;
}

int64_t fitting_scale(int64_t chosen, int64_t columns, int64_t width) {
  if (chosen > 0) return chosen;
  return std::max<int64_t>(1, 1200 / std::max<int64_t>(1, columns * width));
}

}  // namespace isthmus::canvas
