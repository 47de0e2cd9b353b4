#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "isthmus/core/evidence.hpp"
#include "isthmus/core/metric.hpp"
#include "isthmus/core/nats.hpp"
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
///
/// Of a model that is told y it is −log p(x|y), of the pixels that y leaves open, and its unit says so.
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

inline Measurement measure(const Subject& subject, const Config& config) {
  const auto start = std::chrono::steady_clock::now();
  const auto evidence = estimate_evidence("nll", subject, config.draws, config.images, config.proposal);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;

  ops::RunningMean over_images;
  ops::RunningMean share;
  double largest_share = 0;
  double variance_of_draws = 0;
  for (const auto& of_image : evidence) {
    over_images.add(-of_image.value());
    share.add(of_image.largest_share());
    largest_share = std::max(largest_share, of_image.largest_share());
    variance_of_draws += of_image.variance();
  }
  const Trust trust = trust_in(evidence);
  const auto draws = static_cast<double>(config.draws);
  const auto images = static_cast<double>(over_images.count());

  Measurement result{.value = over_images.mean(), .standard_error = over_images.standard_error(), .unit = {}};
  result.more = {{"draws", draws},
                 {"images", images},
                 {"effective_draws", trust.effective_draws},
                 {"effective_share", trust.effective_draws / draws},
                 {"largest_weight_mean", share.mean()},
                 {"largest_weight_max", largest_share},
                 {"dominated_share", trust.dominated_share}};
  if (config.draws > 1) {
    const double error_of_draws = std::sqrt(variance_of_draws) / images;
    result.more.emplace_back("standard_error_of_draws", error_of_draws);
    if (!result.standard_error)
      result.standard_error = error_of_draws;  // one image has no spread over images
  }
  name_nats(subject, result);
  result.more.emplace_back("seconds", seconds.count());
  result.more.emplace_back("draws_per_second", draws * images / seconds.count());

  const bool from_prior = config.proposal == Proposal::prior;
  if (auto doubt = why_doubt(
          trust, from_prior ? "raise --nll.draws, or take --nll.proposal posterior" : "raise --nll.draws"))
    result.warnings.push_back(std::move(*doubt));
  return result;
}

}  // namespace isthmus::metrics::nll
