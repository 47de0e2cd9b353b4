#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
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
///
/// With `proposal` = prior, z comes from p(z) and the weight is p(x|z): a second estimate that owes nothing
/// to q, sound where x says little of z and hopeless, with a warning, where it says much.
namespace isthmus::metrics::nll {

inline constexpr std::string_view summary =
    "negative log-likelihood by importance sampling, nats an image; lower is better";

struct Config {
  int64_t draws = 5000;
  int64_t images = 0;
  Proposal proposal = Proposal::posterior;

  static Config quick() { return {.draws = 500, .images = 1000}; }

  static constexpr auto fields() {
    return std::tuple{
        field<&Config::draws>("draws of z for each image, the k of L_k",
                              Bound{.least = 1, .text = "of 1 or more"}),
        field<&Config::images>("the first so many images of the split; 0 takes all", non_negative),
        field<&Config::proposal>(
            "where z is drawn from: posterior is q(z|x); prior is p(z), a check that needs many more draws"),
    };
  }
};

inline std::optional<std::string> why_not(const Subject& subject) {
  return why_no_log_weights(subject, "nll");
}

/// Below this many effective draws the delta method and the bound are both loose.
inline constexpr double too_few_effective_draws = 10;

/// The same of single images: one weight above half of the sum decides the estimate, and a tenth of such
/// images their mean.
inline constexpr double dominant_share = 0.5;
inline constexpr double too_many_dominated = 0.1;

/// Why the estimate cannot be trusted; nullopt when nothing speaks against it. `effective` is the mean
/// effective sample size, `dominated` the share of images that one draw decides. Weights that are all but
/// equal speak for themselves however few they are, except that one weight always equals itself.
inline std::optional<std::string> why_doubt(const Config& config, double effective, double dominated) {
  const auto draws = static_cast<double>(config.draws);
  const std::string hint = config.proposal == Proposal::prior
                               ? "raise --nll.draws, or take --nll.proposal posterior"
                               : "raise --nll.draws";
  const bool equal = config.draws > 1 && effective > 0.9 * draws;
  if (effective < too_few_effective_draws && !equal)
    return fmt::format(
        "only {:.1f} of {} draws carry the estimate of an image (effective sample size): the true value is "
        "lower and the standard error too small; {}",
        effective, config.draws, hint);
  if (dominated > too_many_dominated && !equal)
    return fmt::format(
        "for {:.0f} % of the images one draw carries over half of the estimate: the true value is lower and "
        "the standard error too small; {}",
        100 * dominated, hint);
  return std::nullopt;
}

inline Measurement measure(const Subject& subject, const Config& config) {
  const auto start = std::chrono::steady_clock::now();
  std::vector<ops::LogMeanExp> evidence(static_cast<size_t>(subject.examples().size()));
  for_each_log_weights(
      subject, config.draws, config.images,
      [&](int64_t image, auto weights) {
        for (const double weight : weights) evidence[static_cast<size_t>(image)].add(weight);
      },
      config.proposal);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;

  ops::RunningMean over_images;
  ops::RunningMean effective;
  ops::RunningMean share;
  double largest_share = 0;
  double dominated = 0;
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
    dominated += of_image.largest_share() > dominant_share ? 1 : 0;
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
                 {"largest_weight_max", largest_share},
                 {"dominated_share", dominated / images}};
  if (config.draws > 1) {
    const double error_of_draws = std::sqrt(variance_of_draws) / images;
    result.more.emplace_back("standard_error_of_draws", error_of_draws);
    if (!result.standard_error)
      result.standard_error = error_of_draws;  // one image has no spread over images
  }
  result.more.emplace_back("seconds", seconds.count());
  result.more.emplace_back("draws_per_second", draws * images / seconds.count());

  if (auto doubt = why_doubt(config, effective.mean(), dominated / images))
    result.warnings.push_back(std::move(*doubt));
  return result;
}

}  // namespace isthmus::metrics::nll
