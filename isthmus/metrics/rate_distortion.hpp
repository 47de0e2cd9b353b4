#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "isthmus/core/each_example.hpp"
#include "isthmus/core/log_weights.hpp"
#include "isthmus/core/metric.hpp"
#include "isthmus/core/nats.hpp"

/// The two parts of a bound: the rate E_q[log q(z|x) − log p(z)] = KL(q ‖ p), the nats that a code takes, and
/// the distortion −E_q[log p(x|z)], the nats that x still takes when its code is known. ELBO = −(rate +
/// distortion); models of one family trained at several beta trace a curve (Alemi et al. 2018, "Fixing a
/// Broken ELBO"), which the picture of the same name draws.
namespace isthmus::metrics::rate_distortion {

inline constexpr std::string_view summary =
    "nats of an image that its code takes (rate), and nats that remain when the code is known (distortion)";

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
  if (auto reason = why_no_log_weights(subject, "rate_distortion")) return reason;
  if (subject.can<RateDistortion>() == nullptr)
    return "this model does not say log p(x|z) apart from the rest of its bound; use `elbo`, the sum of the "
           "two";
  return std::nullopt;
}

inline Measurement measure(const Subject& subject, const Config& config) {
  constexpr int64_t rows_at_once = 2000;
  auto& model = *subject.can<RateDistortion>();
  const auto mean = [](const Tensor& draws) { return draws.to(at::kDouble).mean(0); };  // over k
  const Tensor parts = each_example(subject, std::max<int64_t>(1, rows_at_once / config.draws), config.images,
                                    [&](const Batch& batch, int64_t first) {
                                      Noise noise(subject.seed, Purpose::evaluation, 0, first);
                                      const auto [rate, distortion] =
                                          model.rate_distortion(batch, config.draws, noise);
                                      return at::stack({mean(rate), mean(distortion)}, 1);
                                    });
  const auto rates = mean_over(parts.select(1, 0));
  const auto distortions = mean_over(parts.select(1, 1));
  Measurement result{.value = rates.mean(), .standard_error = rates.standard_error(), .unit = {}};
  result.more = {{"distortion", distortions.mean()},
                 {"elbo", -(rates.mean() + distortions.mean())},
                 {"draws", static_cast<double>(config.draws)},
                 {"images", static_cast<double>(rates.count())}};
  if (distortions.standard_error())
    result.more.emplace_back("distortion_standard_error", *distortions.standard_error());
  name_nats(subject, result);
  return result;
}

}  // namespace isthmus::metrics::rate_distortion
