#pragma once

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>

#include <fmt/format.h>

#include "isthmus/core/error.hpp"
#include "isthmus/core/metric.hpp"
#include "isthmus/core/why_empty.hpp"
#include "isthmus/core/why_no_code.hpp"
#include "isthmus/ops/running_mean.hpp"

/// How few units of the code speak at a time. `hoyer` is the sparseness of Hoyer (2004, section 3.1) of an
/// image's code, (√n − ‖c‖₁/‖c‖₂) / (√n − 1): 0 when all units are of one size, 1 when a single one is not 0.
namespace isthmus::metrics::sparsity {

inline constexpr std::string_view summary = "share of the code's units that are active, mean over images";

struct Config {
  double threshold = 0;
  int64_t images = 0;

  static constexpr auto fields() {
    return std::tuple{
        field<&Config::threshold>("size above which a unit is active", non_negative),
        field<&Config::images>("the first so many images of the split; 0 takes all", non_negative),
    };
  }
};

inline std::optional<std::string> why_not(const Subject& subject) {
  if (const auto reason = why_no_code(subject))
    return "sparsity looks at the units of a code, and " + *reason + "; use `reconstruction`";
  return why_empty(subject);
}

/// Hoyer's sparseness of every row of [batch, units], units ≥ 2. A code of zeros counts as 1, the limit of a
/// single unit that fades.
inline Tensor hoyer(const Tensor& code) {
  const double root = std::sqrt(static_cast<double>(code.size(1)));
  const Tensor size = code.abs();
  // A common factor changes nothing, and keeps the squares from under- and overflow.
  const Tensor greatest = size.amax(1, true);
  const Tensor unit = size / at::where(greatest > 0, greatest, 1.0);
  const Tensor norm = unit.square().sum(1).sqrt();
  const Tensor ratio = unit.sum(1) / at::where(norm > 0, norm, 1.0);
  return at::where(norm > 0, ((root - ratio) / (root - 1)).clamp(0, 1), 1.0);
}

/// What is summed up over the images, [units] each: nothing that grows with their number.
struct Units {
  Tensor active;  ///< on how many images
  Tensor sum;     ///< of activations

  void add(const Tensor& on, const Tensor& code) {
    active = active.defined() ? active + on.sum(0) : on.sum(0);
    sum = sum.defined() ? sum + code.sum(0) : code.sum(0);
  }
};

inline Measurement measure(const Subject& subject, const Config& config) {
  const at::NoGradGuard no_grad;
  const int64_t total = subject.count(config.images);
  Units units;
  ops::RunningMean share;
  ops::RunningMean sparseness;
  for_each_batch(subject, 500, config.images, [&](const Batch& batch, int64_t first) {
    const Tensor code = subject.can<Encoder>()->encode(batch.x).flatten(1).to(at::kCPU, at::kDouble);
    if (!code.isfinite().all().item<bool>())
      throw Error({.who = "sparsity",
                   .expected = "finite codes",
                   .got = fmt::format("infinity or NaN among examples {} to {} of the split", first,
                                      first + batch.size() - 1),
                   .hint = "a look at the loss: the training may have diverged"});
    const Tensor on = code.abs() > config.threshold;
    units.add(on, code);
    const Tensor of_image = on.to(at::kDouble).mean(1);
    // A single unit is one-hot.
    const Tensor of_hoyer = code.size(1) > 1 ? hoyer(code) : at::ones({code.size(0)}, at::kDouble);
    for (int64_t row = 0; row < batch.size(); ++row) {
      share.add(of_image.const_data_ptr<double>()[row]);
      sparseness.add(of_hoyer.const_data_ptr<double>()[row]);
    }
    subject.progress(first + batch.size(), total, "images");
  });

  const auto images = static_cast<double>(share.count());
  const int64_t count = units.sum.size(0);
  const Tensor activation = units.sum / images;
  Measurement result{
      .value = share.mean(), .standard_error = share.standard_error(), .unit = "share of units"};
  result.more = {{"l0", share.mean() * static_cast<double>(count)},
                 {"dead_units", (units.active == 0).sum().item<double>()},
                 {"mean_activation", activation.mean().item<double>()},
                 {"mean_activation_least", activation.min().item<double>()},
                 {"mean_activation_greatest", activation.max().item<double>()},
                 {"hoyer", sparseness.mean()},
                 {"units", static_cast<double>(count)},
                 {"images", images}};
  // Nobody asks a Gaussian code to be sparse.
  if (config.threshold == 0 && share.mean() > 0.99 && subject.can<GaussianPosterior>() == nullptr)
    result.warnings.push_back(
        fmt::format("{:.4g} % of the units are active on an image, as a unit is hardly ever exactly 0; with "
                    "--sparsity.threshold 0.5 a sigmoid unit is active when it is more on than off",
                    100 * share.mean()));
  return result;
}

}  // namespace isthmus::metrics::sparsity
