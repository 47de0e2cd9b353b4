#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "isthmus/core/log_weights.hpp"
#include "isthmus/core/metric.hpp"
#include "isthmus/ops/log_mean_exp.hpp"
#include "isthmus/ops/running_mean.hpp"

/// Negative log-likelihood by importance sampling: −L_k = −log (1/k) Σ_j p(x, z_j) / q(z_j|x), z_j ~ q(z|x)
/// (Burda et al. 2016, eq. 8); nats an image. An upper bound on −log p(x) on average, tight as k grows.
///
/// Two errors. Each image's L_k wavers with its draws, by the delta method with variance v = Var(w) / (k
/// E[w]²); and the images are a sample themselves. `standard_error` is the spread of the L_k over images, S /
/// √n, and holds both: E[S²] = Var_x(log p) + E[v], so adding v once more would count it twice.
/// `standard_error_of_draws`, √(Σv) / n, is the part of the draws alone: what is left when two models are
/// compared on the same images.
namespace isthmus::metrics::nll {

inline constexpr std::string_view summary =
    "negative log-likelihood by importance sampling, nats an image; lower is better";

struct Config {
  int64_t draws = 5000;
  int64_t images = 0;

  static Config quick() { return {.draws = 500, .images = 1000}; }

  static constexpr auto fields() {
    return std::tuple{
        field<&Config::draws>("draws of z for each image, the k of L_k",
                              Bound{.least = 1, .text = "of 1 or more"}),
        field<&Config::images>("the first so many images of the split; 0 takes all", non_negative),
    };
  }
};

inline std::optional<std::string> why_not(const Subject& subject) {
  return why_no_log_weights(subject, "nll");
}

/// Below this many effective draws the delta method and the bound are both loose.
inline constexpr double too_few_effective_draws = 10;

inline Measurement measure(const Subject& subject, const Config& config) {
  const auto start = std::chrono::steady_clock::now();
  std::vector<ops::LogMeanExp> evidence(static_cast<size_t>(subject.examples().size()));
  for_each_log_weights(subject, config.draws, config.images, [&](int64_t image, auto weights) {
    for (const double weight : weights) evidence[static_cast<size_t>(image)].add(weight);
  });
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;

  ops::RunningMean over_images;
  ops::RunningMean effective;
  ops::RunningMean share;
  double largest_share = 0;
  double variance_of_draws = 0;
  for (size_t image = 0; image < evidence.size(); ++image) {
    const auto& of_image = evidence[image];
    if (of_image.count() == 0) continue;
    if (!std::isfinite(of_image.value()))
      throw Error({.who = "nll",
                   .expected = "a finite log-likelihood of every image",
                   .got = fmt::format("{} for example {} of the split", of_image.value(), image),
                   .hint = "a likelihood that gives no image probability 0"});
    over_images.add(-of_image.value());
    effective.add(of_image.effective_sample_size());
    share.add(of_image.largest_share());
    largest_share = std::max(largest_share, of_image.largest_share());
    variance_of_draws += of_image.variance();
  }
  const auto draws = static_cast<double>(config.draws);
  const auto images = static_cast<double>(over_images.count());

  Measurement result{
      .value = over_images.mean(), .standard_error = over_images.standard_error(), .unit = "nats"};
  result.more = {{"draws", draws},
                 {"images", images},
                 {"effective_draws", effective.mean()},
                 {"effective_share", effective.mean() / draws},
                 {"largest_weight_mean", share.mean()},
                 {"largest_weight_max", largest_share}};
  if (config.draws > 1) {
    const double error_of_draws = std::sqrt(variance_of_draws) / images;
    result.more.emplace_back("standard_error_of_draws", error_of_draws);
    if (!result.standard_error)
      result.standard_error = error_of_draws;  // one image has no spread over images
  }
  result.more.emplace_back("seconds", seconds.count());
  result.more.emplace_back("draws_per_second", draws * images / seconds.count());

  if (effective.mean() < too_few_effective_draws)
    result.warnings.push_back(
        fmt::format("only {:.1f} of {} draws carry the estimate of an image (effective sample size): the "
                    "true value is lower "
                    "and the standard error too small; raise --nll.draws",
                    effective.mean(), config.draws));
  return result;
}

}  // namespace isthmus::metrics::nll
