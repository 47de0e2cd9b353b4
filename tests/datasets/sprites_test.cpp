#include "isthmus/datasets/sprites.hpp"

#include <numeric>

#include <gtest/gtest.h>

#include "tests/support/errors.hpp"

namespace isthmus::datasets {
namespace {

int64_t row_of(int64_t shape, int64_t scale, int64_t rotation, int64_t x, int64_t y) {
  return (((shape * 6 + scale) * 40 + rotation) * 32 + x) * 32 + y;
}

std::vector<float> image(const Dataset& set, int64_t row) {
  std::vector<float> pixels(static_cast<size_t>(elements(set.shape())));
  set.gather(std::vector<int64_t>{row}, pixels);
  return pixels;
}

double area(const std::vector<float>& pixels) {
  return std::accumulate(pixels.begin(), pixels.end(), 0.0);
}

TEST(Sprites, CountsAsDSpritesDoes) {
  const auto set = sprites::open({}).train;
  EXPECT_EQ(set->size(), 737'280);
  EXPECT_EQ(set->shape(), (Shape{1, 64, 64}));
  EXPECT_TRUE(set->binary());
  int64_t combinations = 1;
  for (const auto& factor : set->factors()) combinations *= factor.values;
  EXPECT_EQ(combinations, set->size());
  for (const int64_t row : {int64_t{0}, int64_t{31}, int64_t{32}, int64_t{54321}, int64_t{737'279}}) {
    const std::vector<int64_t> f = set->factor_values(row);
    EXPECT_EQ(row_of(f[0], f[1], f[2], f[3], f[4]), row);
    EXPECT_EQ(set->labels()[static_cast<size_t>(row)], f[0]);
  }
  EXPECT_EQ(set->factor_values(row_of(2, 1, 30, 4, 17)), (std::vector<int64_t>{2, 1, 30, 4, 17}));
}

TEST(Sprites, AreWholeAtEveryBorder) {
  // A sprite that were cut off, or not moved, would not have the area of the one in the middle. At side 32 a
  // place is half a pixel, so places of one parity are compared.
  for (const int64_t side : {64, 32}) {
    const auto set = sprites::open({.size = side}).train;
    for (int64_t shape = 0; shape < 3; ++shape)
      for (int64_t rotation = 0; rotation < 40; ++rotation)
        for (const int64_t scale : {0, 5}) {
          const double middle = area(image(*set, row_of(shape, scale, rotation, 16, 16)));
          EXPECT_GT(middle, 0);
          for (const auto& [x, y] : {std::pair{0, 0}, std::pair{0, 30}, std::pair{30, 0}, std::pair{30, 30}})
            EXPECT_EQ(area(image(*set, row_of(shape, scale, rotation, x, y))), middle);
          const double odd = area(image(*set, row_of(shape, scale, rotation, 15, 15)));
          EXPECT_EQ(area(image(*set, row_of(shape, scale, rotation, 31, 31))), odd);
        }
  }
}

TEST(Sprites, HaveTheAreaOfTheirShape) {
  const auto set = sprites::open({}).train;
  // Square of side 1.4 r; ellipse of half-axes r and r/2; heart π / 1.2 / 1.14² r²; r = 16 pixels at full
  // scale.
  const std::vector<double> expected{1.96 * 256, std::numbers::pi / 2 * 256,
                                     std::numbers::pi / 1.2 / 1.2996 * 256};
  for (int64_t shape = 0; shape < 3; ++shape) {
    double mean = 0;
    for (int64_t rotation = 0; rotation < 39; ++rotation)
      mean += area(image(*set, row_of(shape, 5, rotation, 16, 16))) / 39;
    EXPECT_NEAR(mean, expected[static_cast<size_t>(shape)], 0.02 * expected[static_cast<size_t>(shape)]);
    EXPECT_NEAR(area(image(*set, row_of(shape, 0, 7, 16, 16))), expected[static_cast<size_t>(shape)] / 4, 12);
  }
}

TEST(Sprites, MoveOnePixelAStepRightAndDown) {
  const auto set = sprites::open({}).train;
  const std::vector<float> here = image(*set, row_of(2, 3, 5, 10, 20));
  const std::vector<float> right = image(*set, row_of(2, 3, 5, 11, 20));
  const std::vector<float> below = image(*set, row_of(2, 3, 5, 10, 21));
  EXPECT_TRUE(std::equal(here.begin(), here.end() - 1, right.begin() + 1));
  EXPECT_TRUE(std::equal(here.begin(), here.end() - 64, below.begin() + 64));
}

TEST(Sprites, HeartsStandUpright) {
  const auto set = sprites::open({}).train;
  const std::vector<float> heart = image(*set, row_of(2, 5, 0, 16, 16));
  double top = 0;
  double bottom = 0;
  for (size_t i = 0; i < heart.size(); ++i) {
    EXPECT_EQ(heart[i], heart[i / 64 * 64 + (64 - i % 64) % 64]) << "the centre is at 32.5";
    (i / 64 < 32 ? top : bottom) += heart[i];
  }
  EXPECT_GT(top, 1.2 * bottom);
  EXPECT_EQ(image(*set, row_of(2, 5, 39, 16, 16)), heart);
  EXPECT_NE(image(*set, row_of(2, 5, 20, 16, 16)), heart);
}

TEST(Sprites, RefuseWhatTheyCannotDo) {
  test::expect_error("[sprites] expected --data.size 64 or 32, got 28", [] { sprites::open({.size = 28}); });
  test::expect_error("no --data.path", [] { sprites::open({.path = "/tmp"}); });
}

}  // namespace
}  // namespace isthmus::datasets
