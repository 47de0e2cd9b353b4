#pragma once

#include <optional>
#include <span>

namespace isthmus::ops {

struct AreaUnderRoc {
  double value;
  std::optional<double> standard_error;  ///< nullopt when a side has one number alone
};

/// The area under the curve of true against false positives as the threshold moves: the probability that a
/// number of `positives` is above one of `negatives`, ties counting one half (the statistic of Mann & Whitney
/// 1947). The standard error is that of DeLong et al. 1988, without an assumption on either distribution.
/// Throws Error when a side is empty or a number is NaN.
AreaUnderRoc area_under_roc(std::span<const double> negatives, std::span<const double> positives);

}  // namespace isthmus::ops
