#include "isthmus/canvas/ticks.hpp"

#include <gtest/gtest.h>

namespace isthmus::canvas {
namespace {

std::vector<std::string> labels(double least, double greatest, int wanted) {
  std::vector<std::string> all;
  for (const Tick& tick : ticks(least, greatest, wanted)) all.push_back(tick.label);
  return all;
}

using Labels = std::vector<std::string>;

TEST(Ticks, AreRoundAndInside) {
  EXPECT_EQ(labels(0, 10, 5), (Labels{"0", "2", "4", "6", "8", "10"}));
  EXPECT_EQ(labels(234.7, 261.2, 5), (Labels{"235", "240", "245", "250", "255", "260"}));
  EXPECT_EQ(labels(-1.2, 1.2, 4), (Labels{"−1.0", "−0.5", "0", "0.5", "1.0"}));
}

TEST(Ticks, CarryTheDecimalsTheyNeed) {
  EXPECT_EQ(labels(0.01, 0.05, 4), (Labels{"0.01", "0.02", "0.03", "0.04", "0.05"}));
  EXPECT_EQ(labels(0, 1, 2), (Labels{"0", "0.5", "1.0"}));
}

TEST(Ticks, ShortenThousandsAndMillions) {
  EXPECT_EQ(labels(0, 20000, 4), (Labels{"0", "5k", "10k", "15k", "20k"}));
  EXPECT_EQ(labels(0, 3e6, 3), (Labels{"0", "1M", "2M", "3M"}));
  EXPECT_EQ(labels(0, 8000, 4), (Labels{"0", "2000", "4000", "6000", "8000"}));
}

TEST(Ticks, AreAtLeastTwo) {
  for (double least = 0.3; least < 400; least *= 1.37)
    EXPECT_GE(ticks(least, least * 1.21, 2).size(), 2U) << least;
}

TEST(Ticks, OfAnEmptyRangeAreOne) {
  EXPECT_EQ(labels(5, 5, 4), Labels{"5"});
}

TEST(ShortNumber, HasFourDigits) {
  EXPECT_EQ(short_number(237.1491), "237.1");
  EXPECT_EQ(short_number(-0.5), "−0.5");
}

}  // namespace
}  // namespace isthmus::canvas
