#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace isthmus::ops {

struct LbfgsOptions {
  int64_t iterations = 1000;
  double tolerance = 1e-5;  ///< converged once no |∂f/∂x_i| is above this
  size_t memory = 10;       ///< pairs of steps and gradient changes that stand for the curvature
};

struct LbfgsResult {
  double value;
  double gradient;     ///< largest |∂f/∂x_i|
  int64_t iterations;  ///< steps taken
  bool converged;
};

/// Minimises f from `x`, which it leaves at the best point found: limited-memory BFGS (Nocedal & Wright 2006,
/// algorithm 7.4), step lengths by bisection until they meet the weak Wolfe conditions (Lewis & Overton 2013,
/// algorithm 2.6), under which the curvature stays positive. f writes its gradient and returns its value.
/// `each` is called after every step with the steps so far; it may throw to stop.
LbfgsResult minimise(
    const std::function<double(std::span<const double> x, std::span<double> gradient)>& f,
    std::span<double> x, const LbfgsOptions& options = {},
    const std::function<void(int64_t steps)>& each = [](int64_t) {});

}  // namespace isthmus::ops
