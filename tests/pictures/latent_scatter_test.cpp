#include "isthmus/pictures/latent_scatter.hpp"

#include <gtest/gtest.h>

#include "tests/support/linear_gaussian.hpp"
#include "tests/support/more.hpp"
#include "tests/support/tiny_autoencoder.hpp"

namespace isthmus::pictures::latent_scatter {
namespace {

TEST(LatentScatter, NamesTheClasses) {
  testing::TinyAutoencoder model;
  const Data data = testing::tiny_images(3, {0, 2, 1});
  const Subject subject{.model = model, .data = data};
  EXPECT_EQ(legend(subject, {0, 2, 1}), (std::vector<std::string>{"0", "1", "2"}));
  EXPECT_TRUE(legend(subject, {}).empty());
  EXPECT_TRUE(legend(subject, {500, 1}).empty());
}

TEST(LatentScatter, DrawsCodesOfAnySize) {
  const Data data = testing::tiny_images(20);
  for (const int64_t code : {1, 2, 5}) {
    testing::TinyAutoencoder model(code);
    const io::Image image = draw({.model = model, .data = data}, {.count = 10, .scale = 1});
    EXPECT_GT(image.width, 600);
    EXPECT_EQ(image.channels, 3);
  }
}

TEST(LatentScatter, ALegendMakesItWider) {
  testing::TinyAutoencoder model;
  const Data plain = testing::tiny_images(4);
  const Data labelled = testing::tiny_images(4, {0, 1, 0, 1});
  EXPECT_GT(draw({.model = model, .data = labelled}, {}).width,
            draw({.model = model, .data = plain}, {}).width);
}

TEST(LatentScatter, TakesCodesThatAreAllTheSame) {
  testing::TinyAutoencoder model;
  const Data data = testing::small_data(at::zeros({4, 1, 2, 4}));
  EXPECT_GT(draw({.model = model, .data = data}, {}).width, 600);
}

TEST(LatentScatter, SaysWhyNot) {
  testing::Half half;
  const Data data = testing::tiny_images(2);
  EXPECT_TRUE(testing::says(why_not({.model = half, .data = data}), {"does not encode", "samples"}));
}

}  // namespace
}  // namespace isthmus::pictures::latent_scatter
