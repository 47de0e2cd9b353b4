#include "isthmus/ops/area_under_roc.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "isthmus/core/error.hpp"
#include "isthmus/ops/running_mean.hpp"

namespace isthmus::ops {
namespace {

std::vector<double> sorted(std::span<const double> numbers) {
  std::vector<double> all(numbers.begin(), numbers.end());
  if (all.empty() || std::ranges::any_of(all, [](double each) { return std::isnan(each); }))
    throw Error({.who = "area_under_roc",
                 .expected = "numbers on both sides",
                 .got = all.empty() ? "none on one" : "a nan"});
  std::ranges::sort(all);
  return all;
}

/// For each of `numbers`, the share of `others` below it, equal ones counting one half.
RunningMean shares_below(std::span<const double> numbers, const std::vector<double>& others) {
  RunningMean shares;
  for (const double number : numbers) {
    const auto equal = std::ranges::equal_range(others, number);
    const auto below = static_cast<double>(equal.begin() - others.begin());
    shares.add((below + 0.5 * static_cast<double>(equal.size())) / static_cast<double>(others.size()));
  }
  return shares;
}

}  // namespace

AreaUnderRoc area_under_roc(std::span<const double> negatives, std::span<const double> positives) {
  const RunningMean of_positives = shares_below(positives, sorted(negatives));
  const RunningMean of_negatives = shares_below(negatives, sorted(positives));
  AreaUnderRoc area{.value = of_positives.mean(), .standard_error = {}};
  if (of_positives.variance() && of_negatives.variance())
    area.standard_error = std::hypot(*of_positives.standard_error(), *of_negatives.standard_error());
  return area;
}

}  // namespace isthmus::ops
