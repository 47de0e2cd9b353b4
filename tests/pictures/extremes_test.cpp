#include "isthmus/pictures/extremes.hpp"

#include <gtest/gtest.h>

#include "tests/support/linear_gaussian.hpp"
#include "tests/support/more.hpp"

namespace isthmus::pictures::extremes {
namespace {

/// Images of one pixel; Half leaves a quarter of its square, so the bright ones are the unusual.
Data pixels(std::initializer_list<float> values) {
  return testing::small_data(at::tensor(std::vector<float>(values)).view({-1, 1, 1, 1}));
}

uint8_t red_at(const io::Image& image, int64_t y, int64_t x) {
  return image.pixels[static_cast<size_t>((y * image.width + x) * image.channels)];
}

TEST(Extremes, StandInOrderTheUnusualAboveTheUsual) {
  testing::Half model;
  const Data data = pixels({0.2F, 1.0F, 0.4F, 0.6F, 0.0F, 0.8F});
  const io::Image image = draw({.model = model, .data = data}, {.count = 2, .columns = 2, .scale = 1});
  EXPECT_EQ(red_at(image, 0, 0), 255);
  EXPECT_EQ(red_at(image, 0, 2), 204);
  // A wide gap after the first line of two.
  EXPECT_EQ(red_at(image, 1 + 5, 0), 0);
  EXPECT_EQ(red_at(image, 1 + 5, 2), 51);
}

TEST(Extremes, NoExampleStandsInBothHalves) {
  testing::Half model;
  const Data data = pixels({0.2F, 1.0F, 0.4F});
  const io::Image image = draw({.model = model, .data = data}, {.count = 5, .columns = 5, .scale = 1});
  EXPECT_EQ(image.width, 1) << "one above, one below";
  EXPECT_EQ(red_at(image, 0, 0), 255);
  EXPECT_EQ(red_at(image, 1 + 5, 0), 51);
  const Data one = pixels({1.0F});
  EXPECT_EQ(red_at(draw({.model = model, .data = one}, {.scale = 1}), 0, 0), 255);
}

TEST(Extremes, AreLookedForAmongTheFirstExamples) {
  testing::Half model;
  const Data data = pixels({0.2F, 0.4F, 0.0F, 0.0F, 1.0F});
  const io::Image image =
      draw({.model = model, .data = data}, {.count = 1, .columns = 1, .scale = 1, .examples = 2});
  EXPECT_EQ(red_at(image, 0, 0), 102);
}

TEST(Extremes, TurnAScoreThatIsLowForTheUnusual) {
  testing::Half model;
  const Data data = pixels({0.2F, 1.0F});
  const Scores elbo{Score::elbo, {-9, -3}};
  const io::Image image = draw_scored({.model = model, .data = data}, elbo, {.scale = 1});
  EXPECT_EQ(red_at(image, 0, 0), 51);
}

TEST(Extremes, SayWhyNot) {
  testing::Half model;
  const Data data = testing::small_data(at::zeros({2, 5}));
  EXPECT_TRUE(testing::says(why_not({.model = model, .data = data}), {"not images"}));
}

}  // namespace
}  // namespace isthmus::pictures::extremes
