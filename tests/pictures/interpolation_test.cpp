#include "isthmus/pictures/interpolation.hpp"

#include <gtest/gtest.h>

#include "tests/support/linear_gaussian.hpp"
#include "tests/support/more.hpp"
#include "tests/support/tiny_autoencoder.hpp"

namespace isthmus::pictures::interpolation {
namespace {

Tensor code(double x, double y) {
  return at::tensor({x, y}, at::kFloat);
}

TEST(Interpolation, ArcsTurnEvenly) {
  const Tensor walk = arc(code(2, 0), code(0, 2), 3);
  const float diagonal = std::sqrt(2.0F);
  EXPECT_TRUE(
      walk.allclose(at::tensor({2.0F, 0.0F, diagonal, diagonal, 0.0F, 2.0F}).view({3, 2}), 1e-5, 1e-6));
}

TEST(Interpolation, ArcsEndAtTheirCodes) {
  const Tensor walk = arc(code(1, 2), code(-3, 0.5), 5);
  EXPECT_TRUE(walk[0].allclose(code(1, 2), 1e-5, 1e-6));
  EXPECT_TRUE(walk[4].allclose(code(-3, 0.5), 1e-5, 1e-6));
}

TEST(Interpolation, ArcsThatDoNotExistAreLines) {
  for (const Tensor& other : {code(2, 2), code(-1, -1), code(0, 0)})
    EXPECT_TRUE(arc(code(1, 1), other, 4).allclose(line(code(1, 1), other, 4))) << other;
}

TEST(Interpolation, DrawsAWalkARow) {
  testing::TinyGaussian model;
  const Data data = testing::tiny_images(5);
  const io::Image image = draw({.model = model, .data = data}, {.count = 8, .columns = 3, .scale = 10});
  EXPECT_EQ(image.width, 5 * 40 + 2 * 100 + 2 * 20);
  EXPECT_GT(image.height, 2 * 20 + 20 + 30);  // two whole pairs, and the caption
}

TEST(Interpolation, GaussianCodesTakeTheCircle) {
  const Data data = testing::tiny_images(2);
  testing::TinyGaussian gaussian;
  testing::TinyAutoencoder plain;
  const auto drawn = [&](Model& model, Path path) {
    return draw({.model = model, .data = data}, {.count = 1, .columns = 5, .scale = 10, .path = path});
  };
  EXPECT_EQ(drawn(gaussian, Path::automatic), drawn(gaussian, Path::spherical));
  EXPECT_EQ(drawn(plain, Path::automatic), drawn(plain, Path::linear));
  EXPECT_NE(drawn(plain, Path::linear), drawn(plain, Path::spherical));
}

TEST(Interpolation, SaysWhyNot) {
  testing::Half half;
  testing::TinyAutoencoder model;
  const Data images = testing::tiny_images(2);
  const Data one = testing::tiny_images(1);
  EXPECT_TRUE(testing::says(why_not({.model = half, .data = images}), {"cannot decode", "reconstructions"}));
  EXPECT_TRUE(testing::says(why_not({.model = model, .data = one}), {"one example"}));
}

}  // namespace
}  // namespace isthmus::pictures::interpolation
