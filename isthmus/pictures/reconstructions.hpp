#pragma once

#include <algorithm>
#include <array>

#include "isthmus/canvas/grid.hpp"
#include "isthmus/canvas/subject_images.hpp"

namespace isthmus::pictures::reconstructions {

inline constexpr std::string_view summary =
    "pairs of rows: examples of the split, and below each what the model makes of it";

struct Config {
  int64_t count = 50;
  int64_t columns = 10;
  int64_t scale = 0;

  static constexpr bool preview = true;
  static constexpr auto fields() {
    return std::tuple{
        field<&Config::count>("how many examples", positive),
        field<&Config::columns>("examples in a row", positive),
        field<&Config::scale>("times each pixel is enlarged; 0 fills about 1,200 pixels", non_negative),
    };
  }
};

inline std::optional<std::string> why_not(const Subject& subject) {
  return canvas::no_images(subject);
}

inline io::Image draw(const Subject& subject, const Config& config) {
  const at::NoGradGuard no_grad;
  const Batch batch = first_examples(subject, config.count);
  Noise noise(subject.seed, Purpose::picture);
  const std::array rows{canvas::to_images(batch.x),
                        canvas::to_images(subject.model.reconstruct(batch, noise))};
  const int64_t columns = std::min(config.columns, batch.size());
  const int64_t scale = canvas::fitting_scale(config.scale, columns, rows[0].front().width);
  return canvas::tile(canvas::interleave(rows, columns),
                      {.columns = columns, .scale = scale, .gap = scale, .rows_per_group = std::ssize(rows)});
}

}  // namespace isthmus::pictures::reconstructions
