#pragma once

#include <cmath>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "isthmus/core/log_weights.hpp"
#include "isthmus/core/metric.hpp"
#include "isthmus/core/nats.hpp"
#include "isthmus/ops/running_mean.hpp"

/// The evidence lower bound, E_q[log p(x, z) − log q(z|x)] ≤ log p(x) (Kingma & Welling 2014, eq. 2),
/// estimated by draws from q; in nats an image, summed over its pixels and latents. Of a model that is told
/// y, all of it given y.
namespace isthmus::metrics::elbo {

inline constexpr std::string_view summary = "evidence lower bound, nats an image; higher is better";

struct Config {
  int64_t draws = 10;
  int64_t images = 0;

  static Config quick() { return {.draws = 10, .images = 1000}; }

  static constexpr auto fields() {
    return std::tuple{
        field<&Config::draws>("draws of z for each image", Bound{.least = 1, .text = "of 1 or more"}),
        field<&Config::images>("the first so many images of the split; 0 takes all", non_negative),
    };
  }
};

inline std::optional<std::string> why_not(const Subject& subject) {
  return why_no_log_weights(subject, "elbo");
}

inline Measurement measure(const Subject& subject, const Config& config) {
  std::vector<ops::RunningMean> bounds(static_cast<size_t>(subject.examples().size()));
  for_each_log_weights(subject, config.draws, config.images, [&](int64_t image, auto weights) {
    for (const double weight : weights) bounds[static_cast<size_t>(image)].add(weight);
  });

  ops::RunningMean over_images;
  double variance_of_draws = 0;
  for (const auto& bound : bounds) {
    if (bound.count() == 0) continue;
    over_images.add(bound.mean());
    variance_of_draws += bound.variance().value_or(0) / static_cast<double>(bound.count());
  }
  const auto images = static_cast<double>(over_images.count());

  Measurement result{.value = over_images.mean(), .standard_error = over_images.standard_error(), .unit = {}};
  result.more = {{"draws", static_cast<double>(config.draws)}, {"images", images}};
  // Already part of the spread over images, and what remains of it when two models see the same images.
  if (config.draws > 1)
    result.more.emplace_back("standard_error_of_draws", std::sqrt(variance_of_draws) / images);
  name_nats(subject, result);
  return result;
}

}  // namespace isthmus::metrics::elbo
