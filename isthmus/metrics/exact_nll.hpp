#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "isthmus/core/each_example.hpp"
#include "isthmus/core/metric.hpp"
#include "isthmus/core/nats.hpp"
#include "isthmus/core/why_empty.hpp"

/// −log p(x) where the model can say it without draws: a closed form, or a sum over all values of the code.
/// What `nll` estimates, so the two together show how far an estimate can be trusted.
namespace isthmus::metrics::exact_nll {

inline constexpr std::string_view summary =
    "negative log-likelihood without draws, in closed form or as a sum over all values of the code; nats an "
    "image, lower is better";

struct Config {
  int64_t images = 0;

  static constexpr auto fields() {
    return std::tuple{
        field<&Config::images>("the first so many images of the split; 0 takes all", non_negative),
    };
  }
};

inline std::optional<std::string> why_not(const Subject& subject) {
  const auto* model = subject.can<ExactLikelihood>();
  if (model == nullptr)
    return "exact_nll needs a model that can integrate its code out, and this one has no such likelihood; "
           "use `nll` where there are latent variables, else `reconstruction`";
  if (auto reason = model->no_exact_likelihood()) return reason;
  if (const auto* latent = subject.can<LatentVariable>())
    if (auto reason = latent->no_likelihood()) return reason;
  return why_empty(subject);
}

inline Measurement measure(const Subject& subject, const Config& config) {
  auto& model = *subject.can<ExactLikelihood>();
  const auto over_images =
      mean_over(each_example(subject, 100, config.images,
                             [&](const Batch& batch, int64_t) { return -model.log_likelihood(batch); }));
  Measurement result{.value = over_images.mean(), .standard_error = over_images.standard_error(), .unit = {}};
  result.more = {{"images", static_cast<double>(over_images.count())}};
  name_nats(subject, result);
  return result;
}

}  // namespace isthmus::metrics::exact_nll
