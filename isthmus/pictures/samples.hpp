#pragma once

#include <fmt/format.h>

#include "isthmus/canvas/grid.hpp"
#include "isthmus/canvas/subject_images.hpp"
#include "isthmus/core/error.hpp"

namespace isthmus::pictures::samples {

inline constexpr std::string_view summary = "fresh images: codes drawn from the prior, decoded";

struct Config {
  int64_t count = 100;
  int64_t columns = 10;
  int64_t scale = 0;
  int64_t label = -1;

  static constexpr bool preview = true;
  static constexpr auto fields() {
    return std::tuple{
        field<&Config::count>("how many images", positive),
        field<&Config::columns>("images in a row", positive),
        field<&Config::scale>("times each pixel is enlarged; 0 fills about 1,200 pixels", non_negative),
        field<&Config::label>("of a model that is given the class: the one to draw; -1 draws all, in columns",
                              Bound{.least = -1, .text = "of -1 or more"}),
    };
  }
};

inline std::optional<std::string> why_not(const Subject& subject) {
  const auto* conditional = subject.can<Conditional>();
  if (conditional != nullptr && conditional->given_classes() == 0)
    return "the model completes images of which it is given a part; `completions` shows how";
  if (conditional == nullptr && !subject.can<Generator>())
    return "the model has no prior to draw fresh codes from; reconstructions and interpolation show what it "
           "knows";
  return canvas::no_images(subject);
}

/// The class of each image: the one asked for, or the column's.
inline Batch classes_to_draw(const Subject& subject, const Config& config) {
  const int64_t classes = subject.can<Conditional>()->given_classes();
  if (config.label >= classes)
    throw UsageError({.who = "samples",
                      .expected = fmt::format("a label from 0 to {}", classes - 1),
                      .got = fmt::format("{}", config.label)});
  const auto device = device_of(subject.model);
  if (config.label >= 0)
    return {.x = {}, .labels = at::full({config.count}, config.label, at::kLong).to(device)};
  return {.x = {}, .labels = (at::arange(config.count) % config.columns % classes).to(device)};
}

inline io::Image draw(const Subject& subject, const Config& config) {
  const at::NoGradGuard no_grad;
  auto* conditional = subject.can<Conditional>();
  if (conditional == nullptr && config.label >= 0)
    throw UsageError({.who = "samples",
                      .expected = "a model that is given the class, to draw one",
                      .got = "one that is not",
                      .hint = "isthmus train conditional_vae"});
  Noise noise(subject.seed, Purpose::picture);
  const Tensor pixels = conditional != nullptr
                            ? conditional->sample_given(classes_to_draw(subject, config), noise)
                            : subject.can<Generator>()->sample(config.count, noise);
  const auto images = canvas::to_images(pixels);
  const int64_t scale = canvas::fitting_scale(config.scale, config.columns, images.front().width);
  return canvas::tile(images, {.columns = config.columns, .scale = scale, .gap = 2 * scale});
}

}  // namespace isthmus::pictures::samples
