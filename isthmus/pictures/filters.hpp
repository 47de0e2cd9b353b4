#pragma once

#include <algorithm>

#include <fmt/format.h>

#include "isthmus/canvas/grid.hpp"
#include "isthmus/canvas/subject_images.hpp"
#include "isthmus/core/error.hpp"
#include "isthmus/core/why_empty.hpp"

namespace isthmus::pictures::filters {

inline constexpr std::string_view summary =
    "the weights between each unit and the pixels, the units of most use first; grey is 0, white and black "
    "the "
    "unit's own largest weight";

struct Config {
  int64_t count = 100;
  int64_t columns = 10;
  int64_t scale = 0;
  bool sort = true;
  int64_t examples = 2000;

  static constexpr bool preview = true;
  static constexpr auto fields() {
    return std::tuple{
        field<&Config::count>("at most so many units", positive),
        field<&Config::columns>("filters in a row", positive),
        field<&Config::scale>("times each pixel is enlarged; 0 fills about 1,200 pixels", non_negative),
        field<&Config::sort>("the units that respond most first, else in their own order"),
        field<&Config::examples>("examples whose mean size of response is the use of a unit; 0 takes all",
                                 non_negative),
    };
  }
};

inline std::optional<std::string> why_not(const Subject& subject) {
  if (!subject.can<Filters>())
    return "no unit of the model has weights of its own to the pixels; reconstructions and interpolation "
           "show what "
           "it knows";
  if (subject.examples().shape().size() != 3) return canvas::no_images(subject);
  return why_empty(subject);
}

/// Mean |response| of every unit over the first examples of the split, [units], float64.
inline Tensor use(const Subject& subject, int64_t examples) {
  Tensor sum;
  int64_t count = 0;
  for_each_batch(subject, 500, examples, [&](const Batch& batch, int64_t) {
    const Tensor size =
        subject.can<Filters>()->responses(batch.x).to(at::kCPU, at::kDouble).nan_to_num(0).abs();
    sum = sum.defined() ? sum + size.sum(0) : size.sum(0);
    count += batch.size();
  });
  return sum / static_cast<double>(count);
}

/// [units, channels, height, width] → the same from 0 to 1: 0 becomes one half, the unit's largest |weight| 0
/// or 1.
inline Tensor symmetric(const Tensor& weights) {
  const Tensor largest = weights.abs().amax({1, 2, 3}, true);
  return weights / at::where(largest > 0, largest, 1.0) / 2 + 0.5;
}

inline io::Image draw(const Subject& subject, const Config& config) {
  const at::NoGradGuard no_grad;
  Tensor weights = subject.can<Filters>()->filters().detach().to(at::kCPU, at::kFloat);
  if (config.sort) {
    const Tensor used = use(subject, config.examples);
    if (weights.dim() != 4 || used.dim() != 1 || used.size(0) != weights.size(0))
      throw Error(
          {.who = "filters",
           .expected = "filters [units, channels, height, width], and one response a unit",
           .got = fmt::format("{} and {} responses",
                              shape_text({weights.sizes().begin(), weights.sizes().end()}), used.numel())});
    weights = weights.index_select(0, at::argsort(used, /*stable=*/true, 0, /*descending=*/true));
  }
  weights = symmetric(weights.narrow(0, 0, std::min(config.count, weights.size(0))));
  // Three channels are a colour; other numbers have none, so each channel is a picture of its own.
  if (weights.size(1) != 3) weights = weights.flatten(0, 1).unsqueeze(1);
  const auto images = canvas::to_images(weights);
  const int64_t columns = std::min(config.columns, std::ssize(images));
  const int64_t scale = canvas::fitting_scale(config.scale, columns, images.front().width);
  return canvas::tile(images, {.columns = columns, .scale = scale, .gap = std::max<int64_t>(2, scale / 2)});
}

}  // namespace isthmus::pictures::filters
