#pragma once

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
  const auto above = canvas::to_images(batch.x);
  const auto below = canvas::to_images(subject.model.reconstruct(batch, noise));

  const int64_t count = static_cast<int64_t>(above.size());
  const int64_t columns = std::min(config.columns, count);
  const io::Image blank{above.front().height, above.front().width, above.front().channels,
                        std::vector<uint8_t>(above.front().pixels.size(), 255)};
  std::vector<io::Image> cells;
  for (int64_t row = 0; row * columns < count; ++row)
    for (const auto* images : {&above, &below})
      for (int64_t i = row * columns; i < (row + 1) * columns; ++i)
        cells.push_back(i < count ? (*images)[static_cast<size_t>(i)] : blank);
  const int64_t scale = canvas::fitting_scale(config.scale, columns, above.front().width);
  return canvas::tile(cells, {.columns = columns, .scale = scale, .gap = scale, .rows_per_group = 2});
}

}  // namespace isthmus::pictures::reconstructions
