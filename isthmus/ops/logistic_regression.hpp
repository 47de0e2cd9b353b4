#pragma once

#include <cstdint>
#include <functional>

#include "isthmus/core/torch.hpp"

namespace isthmus::ops {

/// A multinomial logistic regression: p(class | features) = softmax(features Wᵀ + b).
struct LogisticRegression {
  Tensor weight;       ///< [classes, features], float64
  Tensor bias;         ///< [classes], float64
  double loss;         ///< mean cross-entropy with its penalty, nats
  int64_t iterations;  ///< steps of L-BFGS
  bool converged;

  /// [n, features] → [n], int64: the likeliest class of each row.
  Tensor classify(const Tensor& features) const;
};

/// Fits to `features` [n, features] (float32) and `labels` [n] (int64, 0 … classes − 1), on the CPU in
/// float64, from zero. The loss is (Σ cross-entropy + ½ l2 ‖W‖²) / n: l2 = 1/C of scikit-learn. Converged
/// means that no component of its gradient is above 1e-5 in coordinates in which no curvature is above about
/// 2 (they make correlated features as quick as independent ones). The result is the same on any number of
/// threads. `each` is called after every step of L-BFGS; it may throw to stop.
LogisticRegression fit_logistic_regression(
    const Tensor& features, const Tensor& labels, int64_t classes, double l2, int64_t iterations,
    const std::function<void(int64_t steps)>& each = [](int64_t) {});

}  // namespace isthmus::ops
