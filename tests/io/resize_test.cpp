#include "isthmus/io/resize.hpp"

#include <gtest/gtest.h>

#include "tests/support/errors.hpp"

namespace isthmus::io {
namespace {

TEST(CentreSquare, CutsBothSidesAlike) {
  const Image wide{2, 5, 1, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}};
  EXPECT_EQ(centre_square(wide).pixels, (std::vector<uint8_t>{1, 2, 6, 7}));
  const Image tall{3, 1, 3, {0, 1, 2, 3, 4, 5, 6, 7, 8}};
  EXPECT_EQ(centre_square(tall).pixels, (std::vector<uint8_t>{3, 4, 5}));
}

TEST(Resize, KeepsAnImageOfTheRightSize) {
  const Image image{2, 3, 1, {0, 50, 100, 150, 200, 255}};
  EXPECT_EQ(resize(image, 2, 3).pixels, image.pixels);
}

TEST(Resize, TakesTheMeanOfWholePixels) {
  const Image image{2, 4, 1, {0, 4, 100, 200, 8, 12, 100, 0}};
  EXPECT_EQ(resize(image, 1, 2).pixels, (std::vector<uint8_t>{6, 100}));
}

TEST(Resize, WeighsPixelsByTheirShare) {
  // Three pixels over two: the middle one is halved. (30 + 60/2) / 1.5 = 40, (60/2 + 240) / 1.5 = 180.
  EXPECT_EQ(resize({1, 3, 1, {30, 60, 240}}, 1, 2).pixels, (std::vector<uint8_t>{40, 180}));
  EXPECT_EQ(resize({3, 1, 1, {30, 60, 240}}, 2, 1).pixels, (std::vector<uint8_t>{40, 180}));
}

TEST(Resize, KeepsChannelsApart) {
  EXPECT_EQ(resize({1, 2, 3, {0, 10, 20, 100, 30, 40}}, 1, 1).pixels, (std::vector<uint8_t>{50, 20, 30}));
}

TEST(Resize, EnlargesByRepeating) {
  EXPECT_EQ(resize({1, 2, 1, {10, 200}}, 2, 4).pixels,
            (std::vector<uint8_t>{10, 10, 200, 200, 10, 10, 200, 200}));
}

TEST(Resize, LeavesFlatImagesFlatAtAnySize) {
  for (const uint8_t grey : {0, 1, 127, 255})
    for (const int64_t side : {1, 2, 7, 28, 31, 64, 65}) {
      const Image small = resize({30, 41, 1, std::vector<uint8_t>(30 * 41, grey)}, side, side);
      EXPECT_EQ(small.pixels, std::vector<uint8_t>(static_cast<size_t>(side * side), grey)) << side;
    }
}

TEST(Resize, RefusesNothing) {
  test::expect_error("at least one pixel", [] { resize({0, 0, 1, {}}, 2, 2); });
  test::expect_error("1x1 to become 0x2", [] { resize({1, 1, 1, {0}}, 0, 2); });
}

}  // namespace
}  // namespace isthmus::io
