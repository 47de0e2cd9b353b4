#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>

#include <fmt/format.h>

#include "isthmus/core/enum_names.hpp"
#include "isthmus/core/metric.hpp"
#include "isthmus/core/why_empty.hpp"
#include "isthmus/core/why_no_code.hpp"
#include "isthmus/nn/damage.hpp"
#include "isthmus/ops/running_mean.hpp"

/// ‖x − x̂‖² summed over the pixels of an image, mean over images, where x̂ is what the model makes of a
/// damaged copy of x: what a denoising autoencoder is trained for (Vincent et al. 2008). `damaged` is the
/// error of the damaged copy itself, which a model must be below to be of any use. Figures compare where the
/// damage is the same; `own_damage` is 1 where it is the model's own, 0 where it is that of the settings.
namespace isthmus::metrics::recovery {

inline constexpr std::string_view summary =
    "squared error of images recovered from damaged copies, against the clean ones; lower is better";

struct Config {
  nn::Damage damage = {};
  int64_t images = 0;

  static Config quick() { return {.images = 1000}; }

  static constexpr auto fields() {
    return std::tuple{
        inlined<&Config::damage>(),
        field<&Config::images>("the first so many images of the split; 0 takes all", non_negative),
    };
  }
};

inline std::optional<std::string> why_not(const Subject& subject) {
  if (const auto reason = why_no_code(subject))
    return "recovery damages what is encoded, and " + *reason + "; use `reconstruction`";
  return why_empty(subject);
}

inline Measurement measure(const Subject& subject, const Config& config) {
  const at::NoGradGuard no_grad;
  const int64_t total = subject.count(config.images);
  ops::RunningMean recovered;
  ops::RunningMean damaged;
  const bool own = config.damage.own && subject.can<Denoiser>() != nullptr;
  bool differs = false;  // from what a model without a damage of its own is measured with
  const auto add_errors = [](const Tensor& made, const Tensor& x, ops::RunningMean& errors) {
    const Tensor squares = (made - x).flatten(1).to(at::kDouble).square().sum(1).cpu();
    for (int64_t row = 0; row < squares.size(0); ++row) errors.add(squares.const_data_ptr<double>()[row]);
  };
  for_each_batch(subject, 500, config.images, [&](const Batch& batch, int64_t first) {
    const Tensor copy = nn::damaged(subject.model, config.damage, batch.x, subject.seed, first);
    if (own && first == 0) {
      const nn::Damage usual{.own = false, .corruption = config.damage.corruption};
      differs = !copy.equal(nn::damaged(subject.model, usual, batch.x, subject.seed, first));
    }
    Noise noise(subject.seed, Purpose::evaluation, 0, first);
    add_errors(subject.model.reconstruct({.x = copy, .labels = batch.labels}, noise), batch.x, recovered);
    add_errors(copy, batch.x, damaged);
    subject.progress(first + batch.size(), total, "images");
  });

  Measurement result{
      .value = recovered.mean(), .standard_error = recovered.standard_error(), .unit = "squared error"};
  result.more = {{"damaged", damaged.mean()},
                 {"own_damage", own ? 1.0 : 0.0},
                 {"images", static_cast<double>(recovered.count())}};
  if (differs)
    result.warnings.push_back(
        fmt::format("the images are damaged as in the training of this model, not as for others ({} at level "
                    "{}): to compare models, --recovery.own=false",
                    enum_name(config.damage.corruption.corruption), config.damage.corruption.level));
  return result;
}

}  // namespace isthmus::metrics::recovery
