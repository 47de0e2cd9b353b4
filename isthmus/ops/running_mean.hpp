#pragma once

#include <cmath>
#include <cstdint>
#include <optional>

namespace isthmus::ops {

/// Mean and variance of a stream of numbers in one stable pass (Welford 1962).
class RunningMean {
 public:
  void add(double value) {
    ++count_;
    const double before = value - mean_;
    mean_ += before / static_cast<double>(count_);
    squares_ += before * (value - mean_);
  }

  int64_t count() const { return count_; }
  double mean() const { return mean_; }

  /// Unbiased (divided by count − 1); nullopt below two numbers.
  std::optional<double> variance() const {
    if (count_ < 2) return std::nullopt;
    return squares_ / static_cast<double>(count_ - 1);
  }

  /// Of the mean: √(variance / count); nullopt below two numbers.
  std::optional<double> standard_error() const {
    if (count_ < 2) return std::nullopt;
    return std::sqrt(*variance() / static_cast<double>(count_));
  }

 private:
  int64_t count_ = 0;
  double mean_ = 0;
  double squares_ = 0;  // Σ (value − mean)²
};

}  // namespace isthmus::ops
