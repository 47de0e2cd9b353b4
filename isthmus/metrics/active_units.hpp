#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "isthmus/core/codes.hpp"
#include "isthmus/core/metric.hpp"
#include "isthmus/core/why_empty.hpp"
#include "isthmus/core/why_no_code.hpp"

/// The latent dimensions u that know something of x: Var_x(E_q(u|x)[u]) > 0.01 (Burda et al. 2016,
/// section 5.2). The others repeat the prior whatever x is. Of a model with several stochastic layers the
/// units are those of the layer next to the data.
///
/// The threshold is one of a Gaussian code, whose prior has variance 1: the numbers of a discrete code are
/// the probabilities of its values, several to a variable, and none of them is a unit in this sense.
namespace isthmus::metrics::active_units {

inline constexpr std::string_view summary = "latent dimensions whose posterior mean varies with x";

struct Config {
  double threshold = 0.01;
  int64_t images = 0;

  static constexpr auto fields() {
    return std::tuple{
        field<&Config::threshold>("variance of the posterior mean above which a unit is active",
                                  non_negative),
        field<&Config::images>("the first so many images of the split; 0 takes all", non_negative),
    };
  }
};

inline std::optional<std::string> why_not(const Subject& subject) {
  if (subject.can<LatentVariable>() == nullptr)
    return "active_units looks at the posterior mean E[z|x] of latent variables, and this model has none; "
           "use `linear_probe` to see what its code holds";
  if (const auto reason = why_no_code(subject))
    return "active_units looks at the posterior mean E[z|x], and " + *reason + "; use `rate_distortion`";
  if (subject.can<GaussianPosterior>() == nullptr)
    return "active_units counts the dimensions of a Gaussian code, and this model's code is of another kind; "
           "use `rate_distortion` for the nats that it holds, `linear_probe` for what they are";
  return why_empty(subject);
}

inline Measurement measure(const Subject& subject, const Config& config) {
  const Tensor means = encode_split(subject, config.images).code.to(at::kDouble);
  const Tensor variance = (means - means.mean(0)).square_().mean(0);
  const auto active = static_cast<double>((variance > config.threshold).sum().item<int64_t>());
  Measurement result{.value = active, .standard_error = std::nullopt, .unit = "units"};
  result.more = {{"total", static_cast<double>(means.size(1))},
                 {"images", static_cast<double>(means.size(0))}};
  return result;
}

}  // namespace isthmus::metrics::active_units
