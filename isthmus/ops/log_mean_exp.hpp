#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

#include "isthmus/core/torch.hpp"

namespace isthmus::ops {

/// log (1/k) Σ_j exp(w_j) over dimension `dim`, of k entries; its gradient is the weights, normalised. The
/// largest weight is taken out first, so nothing overflows.
inline Tensor log_mean_exp(const Tensor& log_weights, int64_t dim) {
  return at::logsumexp(log_weights, dim) - std::log(static_cast<double>(log_weights.size(dim)));
}

/// log (1/k) Σ_j exp(w_j) of a stream of log-weights, with what tells whether it can be trusted. Keeps
/// Σ exp(w − largest) and Σ exp(w − largest)², rescaled when a larger w comes, so nothing overflows and the
/// chunks in which the weights arrive do not matter.
class LogMeanExp {
 public:
  void add(double log_weight) {
    ++count_;
    if (log_weight == -std::numeric_limits<double>::infinity()) return;  // a weight of 0
    const double ratio = std::exp(-std::abs(log_weight - largest_));
    if (log_weight > largest_) {
      sum_ = sum_ * ratio + 1;
      squares_ = squares_ * ratio * ratio + 1;
      largest_ = log_weight;
    } else {
      sum_ += ratio;
      squares_ += ratio * ratio;
    }
  }

  int64_t count() const { return count_; }

  /// −∞ when every weight is 0.
  double value() const { return largest_ + std::log(sum_ / static_cast<double>(count_)); }

  /// (Σw)² / Σw², from 1 (one weight carries the sum) to count() (all are equal).
  double effective_sample_size() const { return sum_ * sum_ / squares_; }

  /// The share of the largest weight in the sum.
  double largest_share() const { return 1 / sum_; }

  /// Variance of value() over draws, by the delta method: Var(w) / (k·mean(w)²), which is
  /// (k/ESS − 1) / (k − 1). NaN for one draw, which says nothing of its own spread.
  double variance() const {
    const auto k = static_cast<double>(count_);
    return count_ < 2 ? std::numeric_limits<double>::quiet_NaN()
                      : std::fmax(0.0, k / effective_sample_size() - 1) / (k - 1);
  }

 private:
  int64_t count_ = 0;
  double largest_ = -std::numeric_limits<double>::infinity();
  double sum_ = 0;
  double squares_ = 0;
};

}  // namespace isthmus::ops
