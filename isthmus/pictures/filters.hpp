#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include <fmt/format.h>

#include "isthmus/canvas/grid.hpp"
#include "isthmus/canvas/subject_images.hpp"
#include "isthmus/core/error.hpp"
#include "isthmus/core/why_empty.hpp"

namespace isthmus::pictures::filters {

inline constexpr std::string_view summary =
    "the weights between each unit and the pixels, the units of most use first; grey is 0, white and black "
    "the unit's own largest weight";

/// What a unit reads in the image, or what it writes into it. Tied weights are both.
enum class Side { encoder, decoder };

struct Config {
  Side side = Side::encoder;
  int64_t count = 100;
  int64_t columns = 10;
  int64_t scale = 0;
  bool sort = true;
  int64_t examples = 2000;

  static constexpr bool preview = true;
  static constexpr auto fields() {
    return std::tuple{
        field<&Config::side>("encoder: what the units of the first layer read; decoder: what each unit of "
                             "the code adds to the image, decode(e_j) − decode(0), which is its weights "
                             "where the decoder is linear, else a difference in pixels"),
        field<&Config::count>("at most so many units", positive),
        field<&Config::columns>("filters in a row", positive),
        field<&Config::scale>("times each pixel is enlarged; 0 fills about 1,200 pixels", non_negative),
        field<&Config::sort>("the units that respond most first, else in their own order"),
        field<&Config::examples>(
            "examples whose mean size of response (decoder: of code) is the use of a unit; 0 takes all",
            non_negative),
    };
  }
};

inline std::optional<std::string> why_not(const Subject& subject) {
  if (!subject.can<Filters>())
    return "no unit of the model has weights of its own to the pixels; reconstructions and interpolation "
           "show what it knows";
  if (subject.examples().shape().size() != 3) return canvas::no_images(subject);
  return why_empty(subject);
}

/// Mean |response| of every unit over the first examples of the split, [units], float64: of the units of the
/// code on the decoder's side.
inline Tensor use(const Subject& subject, int64_t examples, Side side = Side::encoder) {
  Tensor sum;
  int64_t count = 0;
  for_each_batch(subject, 500, examples, [&](const Batch& batch, int64_t) {
    const Tensor response = side == Side::encoder ? subject.can<Filters>()->responses(batch.x)
                                                  : subject.can<Encoder>()->encode(batch.x);
    const Tensor size = response.to(at::kCPU, at::kDouble).nan_to_num(0).abs();
    sum = sum.defined() ? sum + size.sum(0) : size.sum(0);
    count += batch.size();
  });
  return sum / static_cast<double>(count);
}

/// What each of these units of the code, [n], int64, adds to the image: decode(e_j) − decode(0), [n, shape…].
inline Tensor atoms(const Subject& subject, const Tensor& units) {
  auto& decoder = *subject.can<Decoder>();
  const at::Device device = device_of(subject.model);
  const Tensor nothing = decoder.decode(at::zeros({1, decoder.code_size()}, at::device(device)));
  std::vector<Tensor> parts;
  for (const Tensor& some : units.split(500)) {
    Tensor code = at::zeros({some.size(0), decoder.code_size()});
    code.scatter_(1, some.unsqueeze(1), 1);
    parts.push_back(decoder.decode(code.to(device)) - nothing);
  }
  return at::cat(parts);
}

/// [units, channels, height, width] → the same from 0 to 1: 0 becomes one half, the unit's largest |weight| 0
/// or 1.
inline Tensor symmetric(const Tensor& weights) {
  const Tensor largest = weights.abs().amax({1, 2, 3}, true);
  return weights / at::where(largest > 0, largest, 1.0) / 2 + 0.5;
}

/// The units that are drawn, of `units` in all, in their order: [at most count], int64.
inline Tensor chosen(const Subject& subject, const Config& config, int64_t units) {
  Tensor order = at::arange(units, at::kLong);
  if (config.sort) {
    const Tensor used = use(subject, config.examples, config.side);
    if (used.dim() != 1 || used.size(0) != units)
      throw Error({.who = "filters",
                   .expected = fmt::format("one response of each of the {} units", units),
                   .got = fmt::format("{}", used.numel())});
    order = at::argsort(used, /*stable=*/true, 0, /*descending=*/true);
  }
  return order.narrow(0, 0, std::min(config.count, units));
}

/// [units, channels, height, width], float32, on the CPU.
inline Tensor drawn(const Subject& subject, const Config& config) {
  if (config.side == Side::encoder) {
    const Tensor all = subject.can<Filters>()->filters().detach().to(at::kCPU, at::kFloat);
    return all.index_select(0, chosen(subject, config, all.size(0)));
  }
  if (!subject.can<Encoder>() || !subject.can<Decoder>())
    throw UsageError({.who = "filters.side",
                      .expected = "a model that encodes and decodes, whose decoder has atoms",
                      .got = "one that does not",
                      .hint = "--filters.side encoder"});
  return atoms(subject, chosen(subject, config, subject.can<Decoder>()->code_size()))
      .to(at::kCPU, at::kFloat);
}

inline io::Image draw(const Subject& subject, const Config& config) {
  const at::NoGradGuard no_grad;
  Tensor tiles = symmetric(drawn(subject, config));
  // Three channels are a colour; other numbers have none, so each channel is a picture of its own.
  if (tiles.size(1) != 3) tiles = tiles.flatten(0, 1).unsqueeze(1);
  const auto images = canvas::to_images(tiles);
  const int64_t columns = std::min(config.columns, std::ssize(images));
  const int64_t scale = canvas::fitting_scale(config.scale, columns, images.front().width);
  return canvas::tile(images, {.columns = columns, .scale = scale, .gap = std::max<int64_t>(2, scale / 2)});
}

}  // namespace isthmus::pictures::filters
