#include "isthmus/canvas/caption.hpp"

#include <algorithm>

#include <gtest/gtest.h>

namespace isthmus::canvas {
namespace {

io::Image grey(int64_t width) {
  return {2, width, 1, std::vector<uint8_t>(static_cast<size_t>(2 * width), 7)};
}

TEST(Caption, KeepsThePictureAndAddsAStrip) {
  const io::Image out = with_caption(grey(200), "some words");
  EXPECT_EQ(out.width, 200);
  EXPECT_EQ(out.channels, 3);
  EXPECT_EQ(out.height, 2 + 32);
  ASSERT_EQ(out.pixels.size(), static_cast<size_t>(out.height * out.width * 3));
  EXPECT_TRUE(
      std::all_of(out.pixels.begin(), out.pixels.begin() + 2 * 200 * 3, [](uint8_t p) { return p == 7; }));
  EXPECT_TRUE(
      std::any_of(out.pixels.begin() + 2 * 200 * 3, out.pixels.end(), [](uint8_t p) { return p < 160; }));
}

TEST(Caption, WrapsLongWords) {
  EXPECT_EQ(with_caption(grey(100), "words that do not fit in one line of a hundred pixels").height % 16, 2);
  EXPECT_GT(with_caption(grey(100), "words that do not fit in one line of a hundred pixels").height, 2 + 32);
  EXPECT_EQ(with_caption(grey(5), "unbreakable").height, 2 + 32);
}

}  // namespace
}  // namespace isthmus::canvas
