#include "isthmus/pictures/manifold.hpp"

#include <gtest/gtest.h>

#include "tests/support/linear_gaussian.hpp"
#include "tests/support/more.hpp"
#include "tests/support/tiny_autoencoder.hpp"

namespace isthmus::pictures::manifold {
namespace {

TEST(Manifold, QuantilesHaveEqualShares) {
  const Tensor q = quantiles(3);
  EXPECT_NEAR(q[0].item<double>(), -0.967421566, 1e-8);
  EXPECT_NEAR(q[1].item<double>(), 0, 1e-12);
  EXPECT_NEAR(q[2].item<double>(), 0.967421566, 1e-8);
}

TEST(Manifold, GoesRightAndUp) {
  const Tensor grid = coordinates(2);
  const double q = 0.674489750;
  EXPECT_TRUE(grid.allclose(at::tensor({-q, q, q, q, -q, -q, q, -q}, at::kDouble).view({4, 2}), 1e-8));
}

TEST(Manifold, DrawsThePriorsPlane) {
  testing::TinyGaussian model(2);
  const Data data = testing::tiny_images(3);
  const Subject subject{.model = model, .data = data};
  EXPECT_TRUE(is_prior_plane(subject));
  const io::Image image = draw(subject, {.count = 2, .scale = 50});
  EXPECT_EQ(image.width, 2 * 4 * 50);
  // Of the image at the upper left the first pixel is −.67, cut to black; its second .67.
  EXPECT_EQ(image.pixels[0], 0);
  EXPECT_EQ(image.pixels[50 * 3], 172);
}

TEST(Manifold, DrawsThePrincipalPlaneOfMoreDimensions) {
  testing::TinyGaussian model(3);
  const Data data = testing::tiny_images(40);
  const Subject subject{.model = model, .data = data};
  EXPECT_FALSE(is_prior_plane(subject));
  EXPECT_EQ(draw(subject, {.count = 3, .scale = 20}).width, 3 * 4 * 20);
}

TEST(Manifold, SaysWhyNot) {
  testing::Half half;
  testing::TinyAutoencoder line(1);
  testing::TinyAutoencoder plane(2);
  const Data images = testing::tiny_images(2);
  const Data one = testing::tiny_images(1);
  EXPECT_TRUE(testing::says(why_not({.model = half, .data = images}), {"cannot decode"}));
  EXPECT_TRUE(testing::says(why_not({.model = line, .data = images}), {"one dimension", "interpolation"}));
  EXPECT_TRUE(testing::says(why_not({.model = plane, .data = one}), {"one example"}));
  EXPECT_EQ(why_not({.model = plane, .data = images}), std::nullopt);
}

}  // namespace
}  // namespace isthmus::pictures::manifold
