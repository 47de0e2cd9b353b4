#pragma once

#include "isthmus/canvas/grid.hpp"
#include "isthmus/canvas/subject_images.hpp"

namespace isthmus::pictures::samples {

inline constexpr std::string_view summary = "fresh images: codes drawn from the prior, decoded";

struct Config {
  int64_t count = 100;
  int64_t columns = 10;
  int64_t scale = 0;

  static constexpr bool preview = true;
  static constexpr auto fields() {
    return std::tuple{
        field<&Config::count>("how many images", positive),
        field<&Config::columns>("images in a row", positive),
        field<&Config::scale>("times each pixel is enlarged; 0 fills about 1,200 pixels", non_negative),
    };
  }
};

inline std::optional<std::string> why_not(const Subject& subject) {
  if (!subject.can<Generator>())
    return "the model has no prior to draw fresh codes from; reconstructions and interpolation show what it "
           "knows";
  return canvas::no_images(subject);
}

inline io::Image draw(const Subject& subject, const Config& config) {
  const at::NoGradGuard no_grad;
  Noise noise(subject.seed, Purpose::picture);
  const auto images = canvas::to_images(subject.can<Generator>()->sample(config.count, noise));
  const int64_t scale = canvas::fitting_scale(config.scale, config.columns, images.front().width);
  return canvas::tile(images, {.columns = config.columns, .scale = scale, .gap = 2 * scale});
}

}  // namespace isthmus::pictures::samples
