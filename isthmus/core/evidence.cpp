#include "isthmus/core/evidence.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "isthmus/core/each_example.hpp"
#include "isthmus/ops/running_mean.hpp"

namespace isthmus {
namespace {

/// Below this many effective draws the delta method and the bound are both loose.
constexpr double too_few_effective_draws = 10;

/// The same of single images: one weight above half of the sum decides the estimate, and a tenth of such
/// images their mean.
constexpr double dominant_share = 0.5;
constexpr double too_many_dominated = 0.1;

}  // namespace

std::vector<ops::LogMeanExp> estimate_evidence(std::string_view who, const Subject& subject, int64_t draws,
                                               int64_t images, Proposal proposal) {
  std::vector<ops::LogMeanExp> evidence(static_cast<size_t>(subject.count(images)));
  for_each_log_weights(
      subject, draws, images,
      [&](int64_t image, auto weights) {
        for (const double weight : weights) evidence[static_cast<size_t>(image)].add(weight);
      },
      proposal);
  for (size_t image = 0; image < evidence.size(); ++image)
    check_finite(who, evidence[image].value(), static_cast<int64_t>(image));
  return evidence;
}

Trust trust_in(std::span<const ops::LogMeanExp> evidence) {
  ops::RunningMean effective;
  ops::RunningMean dominated;
  for (const auto& of_image : evidence) {
    effective.add(of_image.effective_sample_size());
    dominated.add(of_image.largest_share() > dominant_share ? 1 : 0);
  }
  return {evidence.empty() ? 0 : evidence.front().count(), effective.mean(), dominated.mean()};
}

std::optional<std::string> why_doubt(const Trust& trust, std::string_view hint) {
  const bool equal = trust.draws > 1 && trust.effective_draws > 0.9 * static_cast<double>(trust.draws);
  if (equal) return std::nullopt;
  if (trust.effective_draws < too_few_effective_draws)
    return fmt::format(
        "only {:.1f} of {} draws carry the estimate of an image (effective sample size): the true value is "
        "lower, by more than the spread of the draws shows; {}",
        trust.effective_draws, trust.draws, hint);
  if (trust.dominated_share > too_many_dominated)
    return fmt::format(
        "for {:.0f} % of the images one draw carries over half of the estimate: the true value is lower, by "
        "more than the spread of the draws shows; {}",
        100 * trust.dominated_share, hint);
  return std::nullopt;
}

}  // namespace isthmus
