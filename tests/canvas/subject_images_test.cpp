#include "isthmus/canvas/subject_images.hpp"

#include <gtest/gtest.h>

#include "isthmus/core/error.hpp"

#include "tests/support/more.hpp"
#include "tests/support/tiny_autoencoder.hpp"

namespace isthmus::canvas {
namespace {

using testing::says;

TEST(ToImages, ClampsAndRounds) {
  const Tensor x = at::tensor({-1.0, 0.0, 0.499, 2.0}, at::kFloat).view({1, 1, 2, 2});
  EXPECT_EQ(to_images(x).front(), (io::Image{2, 2, 1, {0, 0, 127, 255}}));
}

TEST(ToImages, PutsChannelsLast) {
  const Tensor x = at::tensor({0.0, 1.0, 1.0, 0.0, 0.0, 0.0}, at::kFloat).view({1, 3, 1, 2});
  EXPECT_EQ(to_images(x).front(), (io::Image{1, 2, 3, {0, 255, 0, 255, 0, 0}}));
}

TEST(ToImages, RefusesOtherShapes) {
  EXPECT_THROW(to_images(at::zeros({2, 2, 4, 4})), Error);
  EXPECT_THROW(to_images(at::zeros({2, 4, 4})), Error);
}

TEST(NoImages, SaysWhyAndTheWayOut) {
  testing::TinyAutoencoder model;
  const Data images = testing::tiny_images(3);
  EXPECT_EQ(no_images({.model = model, .data = images}), std::nullopt);
  const Data series = testing::small_data(at::zeros({3, 50, 1}));
  EXPECT_TRUE(says(no_images({.model = model, .data = series}), {"50x1", "latent_scatter"}));
  const Subject none{.model = model, .data = images, .split = Split::validation};
  EXPECT_TRUE(says(no_images(none), {"validation", "--split"}));
}

TEST(NoCodes, SaysWhyAndTheWayOut) {
  testing::TinyAutoencoder model;
  const Data images = testing::tiny_images(3);
  EXPECT_EQ(no_codes({.model = model, .data = images}), std::nullopt);
  const Data one = testing::tiny_images(1);
  EXPECT_TRUE(says(no_codes({.model = model, .data = one}), {"one example", "--split"}));
}

}  // namespace
}  // namespace isthmus::canvas
