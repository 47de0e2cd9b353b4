#include "isthmus/pictures/samples.hpp"

#include <vector>

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

/// The grey of every image of a row of the grid, taken from its middle.
std::vector<int> greys(const io::Image& image, int64_t columns) {
  std::vector<int> all;
  for (int64_t column = 0; column < columns; ++column)
    all.push_back(image.pixels.at(static_cast<size_t>(column * (4 + 2) + 1)));
  return all;
}

TEST(Samples, ShowEachClassInItsColumnOrOneAlone) {
  testing::TinyConditional model(3);
  const Data data = testing::tiny_images(1);
  const io::Image all = draw({.model = model, .data = data}, {.count = 8, .columns = 4, .scale = 1});
  EXPECT_EQ(greys(all, 4), (std::vector{0, 26, 51, 0}));
  const io::Image one =
      draw({.model = model, .data = data}, {.count = 4, .columns = 4, .scale = 1, .label = 2});
  EXPECT_EQ(greys(one, 4), (std::vector{51, 51, 51, 51}));
}

TEST(Samples, RefuseAClassThatIsNotThere) {
  const Data data = testing::tiny_images(1);
  testing::TinyConditional conditional(3);
  EXPECT_THROW(draw({.model = conditional, .data = data}, {.label = 3}), UsageError);
  testing::TinyAutoencoder model;
  EXPECT_THROW(draw({.model = model, .data = data}, {.label = 0}), UsageError);
}

TEST(Samples, SayWhyNot) {
  testing::TinyConditional completes(0);
  EXPECT_TRUE(testing::says(why_not({.model = completes, .data = testing::tiny_images(1)}), {"completions"}));

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
