#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>

#include "isthmus/canvas/grid.hpp"
#include "isthmus/canvas/subject_images.hpp"
#include "isthmus/nn/damage.hpp"

namespace isthmus::pictures::corruption {

inline constexpr std::string_view summary =
    "triples of rows: examples of the split, damaged copies of them, and what the model makes of those";

struct Config {
  nn::Damage damage = {};
  int64_t count = 30;
  int64_t columns = 10;
  int64_t scale = 0;

  static constexpr auto fields() {
    return std::tuple{
        inlined<&Config::damage>(),
        field<&Config::count>("how many examples", positive),
        field<&Config::columns>("examples in a row", positive),
        field<&Config::scale>("times each pixel is enlarged; 0 fills about 1,200 pixels", non_negative),
    };
  }
};

inline std::optional<std::string> why_not(const Subject& subject) {
  return canvas::no_images(subject);
}

/// The damage is the one that metric `recovery` measures.
inline io::Image draw(const Subject& subject, const Config& config) {
  const at::NoGradGuard no_grad;
  const Batch batch = first_examples(subject, config.count);
  const Tensor copy = nn::damaged(subject.model, config.damage, batch.x, subject.seed, 0);
  Noise noise(subject.seed, Purpose::picture);
  const Tensor recovered = subject.model.reconstruct({.x = copy, .labels = batch.labels}, noise);
  const std::array rows{canvas::to_images(batch.x), canvas::to_images(copy), canvas::to_images(recovered)};
  const int64_t columns = std::min(config.columns, batch.size());
  const int64_t scale = canvas::fitting_scale(config.scale, columns, rows[0].front().width);
  return canvas::tile(canvas::interleave(rows, columns),
                      {.columns = columns, .scale = scale, .gap = scale, .rows_per_group = std::ssize(rows)});
}

}  // namespace isthmus::pictures::corruption
