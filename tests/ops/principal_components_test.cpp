#include "isthmus/ops/principal_components.hpp"

#include <gtest/gtest.h>

#include "isthmus/core/error.hpp"
#include "isthmus/core/noise.hpp"

namespace isthmus::ops {
namespace {

Tensor cloud(int64_t n, int64_t dimensions) {
  Noise noise(5, Purpose::picture);
  const Tensor scale = at::arange(1, dimensions + 1, at::kDouble);
  return noise.normal({n, dimensions}).to(at::kDouble) * scale + 3;
}

TEST(PrincipalComponents, OfAStretchedPlane) {
  // Points on the cross ±(3, 4)/5·5 and ±(−4, 3)/5·2 about (1, 1).
  const Tensor x = at::tensor({3.0, 4.0, -3.0, -4.0, -1.6, 1.2, 1.6, -1.2}, at::kDouble).view({4, 2}) + 1;
  const auto result = principal_components(x, 2);
  EXPECT_TRUE(result.mean.allclose(at::ones({2}, at::kDouble)));
  EXPECT_TRUE(result.directions.allclose(at::tensor({0.6, 0.8, 0.8, -0.6}, at::kDouble).view({2, 2})));
  EXPECT_TRUE(result.variances.allclose(at::tensor({50.0 / 3, 8.0 / 3}, at::kDouble)));
  EXPECT_NEAR(result.total, 58.0 / 3, 1e-12);
}

TEST(PrincipalComponents, FewPointsInManyDimensionsGiveTheSame) {
  const Tensor x = cloud(6, 9);
  const auto by_points = principal_components(x, 3);
  // Every point twice: more points than dimensions, the same directions.
  const auto by_dimensions = principal_components(at::cat({x, x}), 3);
  EXPECT_TRUE(by_points.directions.allclose(by_dimensions.directions, 1e-8, 1e-10));
  EXPECT_TRUE((by_points.variances * 5).allclose(by_dimensions.variances * 11.0 / 2));
}

TEST(PrincipalComponents, ProjectionsHaveTheVariancesGiven) {
  const Tensor x = cloud(500, 4);
  const auto result = principal_components(x, 4);
  const Tensor projected = result.project(x);
  EXPECT_TRUE(projected.var(0).allclose(result.variances));
  EXPECT_NEAR(projected.mean().item<double>(), 0, 1e-12);
  EXPECT_NEAR(result.variances.sum().item<double>(), result.total, 1e-9);
}

TEST(PrincipalComponents, RefusesWhatHasNone) {
  EXPECT_THROW(principal_components(at::zeros({1, 3}), 2), Error);
  EXPECT_THROW(principal_components(at::zeros({3}), 2), Error);
  EXPECT_THROW(principal_components(at::full({3, 2}, std::nan(""), at::kDouble), 2), Error);
}

}  // namespace
}  // namespace isthmus::ops
