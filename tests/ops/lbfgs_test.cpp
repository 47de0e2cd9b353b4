#include "isthmus/ops/lbfgs.hpp"

#include <array>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace isthmus::ops {
namespace {

TEST(Lbfgs, FindsTheMinimumOfAnIllConditionedQuadratic) {
  // f = ½ Σ c_i (x_i − i)², c from 1 to 10,000.
  const auto quadratic = [](std::span<const double> at, std::span<double> gradient) {
    double value = 0;
    for (size_t i = 0; i < at.size(); ++i) {
      const double c = std::pow(10, 4 * static_cast<double>(i) / 19);
      const double away = at[i] - static_cast<double>(i);
      gradient[i] = c * away;
      value += 0.5 * c * away * away;
    }
    return value;
  };
  // Enough memory for all of the curvature takes a fraction of the steps.
  for (const auto& [memory, most] : {std::pair<size_t, int64_t>{10, 900}, {30, 200}}) {
    std::vector<double> x(20, 0.0);
    const auto result = minimise(quadratic, x, {.tolerance = 1e-9, .memory = memory});
    EXPECT_TRUE(result.converged);
    EXPECT_LE(result.gradient, 1e-9);
    EXPECT_LT(result.iterations, most);
    for (size_t i = 0; i < x.size(); ++i) EXPECT_NEAR(x[i], static_cast<double>(i), 1e-8);
  }
}

double rosenbrock(std::span<const double> at, std::span<double> gradient) {
  const double valley = at[1] - at[0] * at[0];
  gradient[0] = -400 * at[0] * valley - 2 * (1 - at[0]);
  gradient[1] = 200 * valley;
  return 100 * valley * valley + (1 - at[0]) * (1 - at[0]);
}

TEST(Lbfgs, FollowsRosenbrocksValley) {
  std::array<double, 2> x{-1.2, 1};
  const auto result = minimise(rosenbrock, x, {.tolerance = 1e-8});
  EXPECT_TRUE(result.converged);
  EXPECT_LT(result.iterations, 100);
  EXPECT_NEAR(x[0], 1, 1e-7);
  EXPECT_NEAR(x[1], 1, 1e-7);
}

TEST(Lbfgs, StopsAtItsLimitAndSaysSo) {
  std::array<double, 2> x{-1.2, 1};
  std::vector<int64_t> seen;
  const auto result =
      minimise(rosenbrock, x, {.iterations = 3}, [&](int64_t steps) { seen.push_back(steps); });
  EXPECT_FALSE(result.converged);
  EXPECT_EQ(result.iterations, 3);
  EXPECT_EQ(seen, (std::vector<int64_t>{1, 2, 3}));
  std::array<double, 2> gradient{};
  EXPECT_EQ(result.value, rosenbrock(x, gradient));
  EXPECT_LT(result.value, 24.2);  // where it started
}

TEST(Lbfgs, TurnsBackFromWhereTheFunctionIsNotANumber) {
  std::array<double, 1> x{10};
  const auto barrier = [](std::span<const double> at, std::span<double> gradient) {
    if (at[0] <= 0) return std::numeric_limits<double>::quiet_NaN();
    gradient[0] = 1 - 0.01 / at[0];
    return at[0] - 0.01 * std::log(at[0]);
  };
  EXPECT_TRUE(minimise(barrier, x).converged);
  EXPECT_NEAR(x[0], 0.01, 1e-6);
}

TEST(Lbfgs, WhatStartsAsNoNumberHasNotConverged) {
  std::array<double, 2> x{1, 1};
  const auto nowhere = [](std::span<const double>, std::span<double> gradient) {
    gradient[0] = gradient[1] = std::numeric_limits<double>::quiet_NaN();
    return gradient[0];
  };
  EXPECT_FALSE(minimise(nowhere, x).converged);
  const auto half = [](std::span<const double>, std::span<double> gradient) {
    gradient[0] = std::numeric_limits<double>::quiet_NaN();
    gradient[1] = 0;
    return 0.0;
  };
  EXPECT_FALSE(minimise(half, x).converged);
}

TEST(Lbfgs, IsDoneAtTheMinimum) {
  std::array<double, 2> x{1, 1};
  EXPECT_EQ(minimise(rosenbrock, x).iterations, 0);
}

TEST(Lbfgs, AFunctionThatFallsForeverEndsUnconverged) {
  std::array<double, 1> x{0};
  const auto slope = [](std::span<const double> at, std::span<double> gradient) {
    gradient[0] = -1;
    return -at[0];
  };
  EXPECT_FALSE(minimise(slope, x).converged);
}

TEST(Lbfgs, CanBeStopped) {
  std::array<double, 2> x{-1.2, 1};
  const auto stop = [](int64_t steps) {
    if (steps == 2) throw std::runtime_error("stop");
  };
  EXPECT_THROW(minimise(rosenbrock, x, {}, stop), std::runtime_error);
}

}  // namespace
}  // namespace isthmus::ops
