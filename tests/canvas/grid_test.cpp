#include "isthmus/canvas/grid.hpp"

#include <gtest/gtest.h>

#include "isthmus/core/error.hpp"

namespace isthmus::canvas {
namespace {

io::Image dot(uint8_t grey) {
  return {.height = 1, .width = 1, .channels = 1, .pixels = {grey}};
}

TEST(Tile, PlacesImagesInRows) {
  const std::vector<io::Image> images{dot(1), dot(2), dot(3)};
  const io::Image sheet = tile(images, {.columns = 2, .gap = 1});
  EXPECT_EQ(sheet, (io::Image{3, 3, 1, {1, 255, 2, 255, 255, 255, 3, 255, 255}}));
}

TEST(Tile, EnlargesWithoutBlur) {
  const std::vector<io::Image> images{{1, 2, 3, {1, 2, 3, 4, 5, 6}}};
  const io::Image sheet = tile(images, {.columns = 1, .scale = 2});
  EXPECT_EQ(sheet,
            (io::Image{2, 4, 3, {1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6, 1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6}}));
}

TEST(Tile, WidensGapsBetweenGroupsAndAtTheEnds) {
  const std::vector<io::Image> images(12, dot(0));
  const io::Image sheet =
      tile(images, {.columns = 4, .gap = 1, .margin = 2, .rows_per_group = 2, .outer_columns = true});
  EXPECT_EQ(sheet.width, 2 + 4 + 5 + 1 + 5 + 2);
  EXPECT_EQ(sheet.height, 2 + 3 + 1 + 5 + 2);
}

TEST(Tile, RefusesNothingAndUnequalImages) {
  EXPECT_THROW(tile({}, {}), Error);
  const std::vector<io::Image> unequal{dot(0), {1, 2, 1, {0, 0}}};
  EXPECT_THROW(tile(unequal, {.columns = 2}), Error);
}

TEST(Tile, RefusesAPictureTooLarge) {
  const std::vector<io::Image> images{dot(0)};
  EXPECT_THROW(tile(images, {.columns = 1, .scale = 40000}), Error);
}

TEST(Interleave, PutsRowsOfEachSetUnderEachOther) {
  const std::vector<std::vector<io::Image>> sets{{dot(1), dot(2), dot(3)}, {dot(4), dot(5), dot(6)}};
  const std::vector<io::Image> cells{dot(1), dot(2), dot(4), dot(5), dot(3), dot(255), dot(6), dot(255)};
  EXPECT_EQ(interleave(sets, 2), cells);
  const std::vector<io::Image> one_row{dot(1), dot(2), dot(3), dot(4), dot(5), dot(6)};
  EXPECT_EQ(interleave(sets, 9), one_row) << "no more columns than images";
}

TEST(Interleave, RefusesNothingAndUnequalSets) {
  EXPECT_THROW(interleave({}, 2), Error);
  const std::vector<std::vector<io::Image>> unequal{{dot(1)}, {dot(1), dot(2)}};
  EXPECT_THROW(interleave(unequal, 2), Error);
}

TEST(FittingScale, FillsAboutTwelveHundredPixels) {
  EXPECT_EQ(fitting_scale(0, 10, 28), 4);
  EXPECT_EQ(fitting_scale(0, 100, 64), 1);
  EXPECT_EQ(fitting_scale(7, 10, 28), 7);
}

}  // namespace
}  // namespace isthmus::canvas
