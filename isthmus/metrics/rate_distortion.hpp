#pragma once

#include <cmath>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "isthmus/core/log_weights.hpp"
#include "isthmus/core/metric.hpp"
#include "isthmus/ops/running_mean.hpp"

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
  const at::NoGradGuard no_grad;
  const int64_t size = subject.examples().size();
  const int64_t total = config.images == 0 ? size : std::min(config.images, size);
  constexpr int64_t rows_at_once = 2000;
  ops::RunningMean rates;
  ops::RunningMean distortions;
  const auto means = [](const Tensor& draws) {  // [k, batch] → [batch]
    return draws.to(at::kCPU, at::kDouble).mean(0).contiguous();
  };
  for_each_batch(subject, std::max<int64_t>(1, rows_at_once / config.draws), config.images,
                 [&](const Batch& batch, int64_t first) {
                   Noise noise(subject.seed, Purpose::evaluation, 0, first);
                   const auto parts =
                       subject.can<RateDistortion>()->rate_distortion(batch, config.draws, noise);
                   const Tensor rate = means(parts.rate);
                   const Tensor distortion = means(parts.distortion);
                   for (int64_t row = 0; row < batch.size(); ++row) {
                     rates.add(rate.const_data_ptr<double>()[row]);
                     distortions.add(distortion.const_data_ptr<double>()[row]);
                   }
                   subject.progress(first + batch.size(), total, "images");
                 });
  Measurement result{.value = rates.mean(), .standard_error = rates.standard_error(), .unit = "nats"};
  result.more = {{"distortion", distortions.mean()},
                 {"elbo", -(rates.mean() + distortions.mean())},
                 {"draws", static_cast<double>(config.draws)},
                 {"images", static_cast<double>(rates.count())}};
  if (distortions.standard_error())
    result.more.emplace_back("distortion_standard_error", *distortions.standard_error());
  return result;
}

}  // namespace isthmus::metrics::rate_distortion
