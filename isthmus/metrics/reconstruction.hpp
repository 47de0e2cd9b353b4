#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "isthmus/core/each_example.hpp"
#include "isthmus/core/metric.hpp"
#include "isthmus/core/why_empty.hpp"

/// ‖x − x̂‖² summed over the pixels of an image, mean over images: of the mean of p(x|z) where the model is a
/// probabilistic one. The error that PCA minimises among linear codes.
namespace isthmus::metrics::reconstruction {

inline constexpr std::string_view summary = "squared error an image, summed over pixels; lower is better";

struct Config {
  int64_t images = 0;

  static constexpr auto fields() {
    return std::tuple{
        field<&Config::images>("the first so many images of the split; 0 takes all", non_negative),
    };
  }
};

inline std::optional<std::string> why_not(const Subject& subject) {
  return why_empty(subject);
}

inline Measurement measure(const Subject& subject, const Config& config) {
  const auto errors =
      mean_over(each_example(subject, 500, config.images, [&](const Batch& batch, int64_t first) {
        Noise noise(subject.seed, Purpose::evaluation, 0, first);
        const Tensor difference = subject.model.reconstruct(batch, noise) - batch.x;
        return difference.flatten(1).to(at::kDouble).square().sum(1);
      }));
  Measurement result{
      .value = errors.mean(), .standard_error = errors.standard_error(), .unit = "squared error"};
  result.more = {{"images", static_cast<double>(errors.count())}};
  return result;
}

}  // namespace isthmus::metrics::reconstruction
