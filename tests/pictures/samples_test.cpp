#include "isthmus/pictures/samples.hpp"

#include <gtest/gtest.h>

#include "tests/support/linear_gaussian.hpp"
#include "tests/support/more.hpp"
#include "tests/support/tiny_autoencoder.hpp"

namespace isthmus::pictures::samples {
namespace {

TEST(Samples, FillAGrid) {
  testing::TinyAutoencoder model;
  const Data data = testing::tiny_images(1);
  const io::Image image = draw({.model = model, .data = data}, {.count = 6, .columns = 3, .scale = 1});
  EXPECT_EQ(image.width, 3 * 4 + 2 * 2);
  EXPECT_EQ(image.height, 2 * 2 + 2);
  EXPECT_EQ(image.channels, 1);
}

TEST(Samples, SayWhyNot) {
  testing::Half half;
  testing::TinyAutoencoder model;
  const Data images = testing::tiny_images(1);
  const Data numbers = testing::small_data(at::zeros({2, 5}));
  EXPECT_TRUE(testing::says(why_not({.model = half, .data = images}), {"no prior", "reconstructions"}));
  EXPECT_TRUE(testing::says(why_not({.model = model, .data = numbers}), {"not images"}));
  EXPECT_EQ(why_not({.model = model, .data = images}), std::nullopt);
}

}  // namespace
}  // namespace isthmus::pictures::samples
