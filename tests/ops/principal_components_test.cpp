#include "isthmus/ops/principal_components.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include "isthmus/core/error.hpp"
#include "isthmus/core/noise.hpp"

#include "tests/support/errors.hpp"

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

// n points span n − 1 directions: the last of n is orthogonal to the others all the same.
TEST(PrincipalComponents, AreOrthonormalEvenWhereThePointsDoNotVary) {
  const Tensor some = cloud(3, 9);
  const Tensor same = at::ones({3, 9}, at::kDouble);
  for (const Tensor& x : {cloud(6, 9), cloud(6, 6), cloud(2, 9), at::cat({some, some}), same}) {
    const auto result = principal_components(x, 20);
    const int64_t kept = std::min(x.size(0), x.size(1));
    ASSERT_EQ(result.directions.sizes(), (std::vector<int64_t>{kept, x.size(1)}));
    const Tensor products = result.directions.matmul(result.directions.t());
    EXPECT_TRUE(products.allclose(at::eye(kept, at::kDouble), 0, 1e-10));
    EXPECT_NEAR(result.variances[kept - 1].item<double>(), 0, 1e-10);
    EXPECT_NEAR(result.variances.sum().item<double>(), result.total, 1e-9);
    const Tensor back = result.project(x).matmul(result.directions) + result.mean;
    EXPECT_TRUE(back.allclose(x, 0, 1e-10));
  }
}

TEST(PrincipalComponents, ProjectionsHaveTheVariancesGiven) {
  const Tensor x = cloud(500, 4);
  const auto result = principal_components(x, 4);
  const Tensor projected = result.project(x);
  EXPECT_TRUE(projected.var(0).allclose(result.variances));
  EXPECT_NEAR(projected.mean().item<double>(), 0, 1e-12);
  EXPECT_NEAR(result.variances.sum().item<double>(), result.total, 1e-9);
}

TEST(PrincipalComponents, TheFirstOfThemAreThoseOfASmallerK) {
  const Tensor x = cloud(60, 5);
  const auto two = principal_components(x, 5).first(2);
  const auto direct = principal_components(x, 2);
  EXPECT_TRUE(two.directions.allclose(direct.directions));
  EXPECT_TRUE(two.variances.allclose(direct.variances));
  EXPECT_EQ(two.total, direct.total);
  EXPECT_EQ(direct.first(9).directions.size(0), 2);
}

TEST(PrincipalComponents, RefusesWhatHasNone) {
  EXPECT_THROW(principal_components(at::zeros({1, 3}), 2), Error);
  EXPECT_THROW(principal_components(at::zeros({3}), 2), Error);
  EXPECT_THROW(principal_components(at::full({3, 2}, std::nan(""), at::kDouble), 2), Error);
}

// Blocks of any size, of points so far away that sums of their squares would keep no digit of the variance.
TEST(Covariance, OfBlocksIsThatOfTheWhole) {
  const Tensor x = cloud(100, 4) + 1e8;
  for (const int64_t block : {1, 7, 100}) {
    Covariance blocks;
    for (const Tensor& some : x.split(block)) blocks.add(some);
    EXPECT_EQ(blocks.count(), 100);
    EXPECT_TRUE(blocks.mean().allclose(x.mean(0), 1e-14, 0));
    EXPECT_TRUE(blocks.covariance().allclose((x - 1e8).t().cov(), 1e-6, 1e-6)) << block;
    const auto principal = blocks.principal_components(3);
    const auto whole = principal_components(x - 1e8, 3);
    EXPECT_TRUE(principal.directions.allclose(whole.directions, 1e-5, 1e-5));
    EXPECT_TRUE(principal.variances.allclose(whole.variances, 1e-6));
    EXPECT_NEAR(principal.total, whole.total, 1e-5);
  }
}

TEST(Covariance, RefusesWhatItCannotAdd) {
  Covariance all;
  all.add(at::ones({1, 3}));
  test::expect_error("expected points of 3 dimensions, as before, got 2", [&] { all.add(at::ones({1, 2})); });
  test::expect_error("finite coordinates", [&] { all.add(at::full({1, 3}, INFINITY)); });
  test::expect_error("expected at least two points, got 1", [&] { all.principal_components(1); });
  all.add(at::zeros({1, 3}));
  test::expect_error("expected k of 1 or more, got 0", [&] { all.principal_components(0); });
  EXPECT_NEAR(all.principal_components(1).variances.item<double>(), 1.5, 1e-12);
}

}  // namespace
}  // namespace isthmus::ops
