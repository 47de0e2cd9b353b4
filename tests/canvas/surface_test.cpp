#include "isthmus/canvas/surface.hpp"

#include <gtest/gtest.h>

#include "isthmus/core/error.hpp"

namespace isthmus::canvas {
namespace {

Colour at(const io::Image& image, int64_t x, int64_t y) {
  const size_t first = static_cast<size_t>((y * image.width + x) * 3);
  return {image.pixels[first], image.pixels[first + 1], image.pixels[first + 2]};
}

int64_t count_dark(const io::Image& image) {
  int64_t dark = 0;
  for (int64_t y = 0; y < image.height; ++y)
    for (int64_t x = 0; x < image.width; ++x) dark += at(image, x, y).red < 128;
  return dark;
}

TEST(Surface, IsWhiteAndMeasuredInPoints) {
  const io::Image image = Surface(10, 4.2, 2).image();
  EXPECT_EQ(image.width, 20);
  EXPECT_EQ(image.height, 9);
  EXPECT_EQ(image.channels, 3);
  EXPECT_EQ(at(image, 19, 8), white);
}

TEST(Surface, KeepsTheOrderOfColours) {
  Surface surface(4, 4, 1);
  surface.rectangle({1, 1, 2, 2}, {10, 20, 30});
  const io::Image image = surface.image();
  EXPECT_EQ(at(image, 1, 1), (Colour{10, 20, 30}));
  EXPECT_EQ(at(image, 0, 0), white);
}

TEST(Surface, ClipsUntilUnclipped) {
  Surface surface(4, 1, 1);
  surface.clip({0, 0, 1, 1});
  surface.rectangle({0, 0, 4, 1}, ink);
  surface.unclip();
  EXPECT_EQ(at(surface.image(), 2, 0), white);
  surface.rectangle({2, 0, 1, 1}, ink);
  EXPECT_EQ(at(surface.image(), 0, 0), ink);
  EXPECT_EQ(at(surface.image(), 2, 0), ink);
}

TEST(Surface, WritesWhereItIsTold) {
  Surface surface(100, 20, 2);
  surface.text({95, 10}, "words", {.size = 10, .colour = ink, .along = 1});
  const io::Image image = surface.image();
  EXPECT_GT(count_dark(image), 50);
  for (int64_t y = 0; y < image.height; ++y)
    for (const int64_t x : {0, 60, 100, 194}) EXPECT_EQ(at(image, x, y), white);
}

TEST(Surface, MeasuresText) {
  Surface surface(10, 10, 1);
  const TextStyle plain{.size = 10};
  EXPECT_GT(surface.text_width("wide words", plain), 1.5 * surface.text_width("words", plain));
}

TEST(Surface, RefusesSidesThatCannotBe) {
  EXPECT_THROW(Surface(0, 10), Error);
  EXPECT_THROW(Surface(20000, 10, 2), Error);
}

}  // namespace
}  // namespace isthmus::canvas
