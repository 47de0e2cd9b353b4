#include "isthmus/canvas/axes.hpp"

#include <gtest/gtest.h>

namespace isthmus::canvas {
namespace {

TEST(RangeOf, HoldsAllAndIsNeverEmpty) {
  EXPECT_DOUBLE_EQ(range_of({3, 1, 2}, 0.1).least, 0.8);
  EXPECT_DOUBLE_EQ(range_of({3, 1, 2}, 0.1).greatest, 3.2);
  EXPECT_GT(range_of({5, 5}, 0.1).width(), 0);
  EXPECT_GT(range_of({0}, 0.1).width(), 0);
  EXPECT_GT(range_of({}, 0.1).width(), 0);
}

TEST(Axes, MapCornersToCorners) {
  const Axes axes{{10, 20, 100, 50}, {0, 4}, {-1, 1}};
  EXPECT_DOUBLE_EQ(axes.at(0, -1).x, 10);
  EXPECT_DOUBLE_EQ(axes.at(0, -1).y, 70);
  EXPECT_DOUBLE_EQ(axes.at(4, 1).x, 110);
  EXPECT_DOUBLE_EQ(axes.at(4, 1).y, 20);
}

}  // namespace
}  // namespace isthmus::canvas
