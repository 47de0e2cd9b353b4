#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "isthmus/canvas/grid.hpp"
#include "isthmus/canvas/subject_images.hpp"

namespace isthmus::pictures::completions {

inline constexpr std::string_view summary =
    "a row an example: the part that is given, draws of the rest, and the example itself";

struct Config {
  int64_t count = 10;
  int64_t draws = 8;
  int64_t scale = 0;

  static constexpr bool preview = true;
  static constexpr auto fields() {
    return std::tuple{
        field<&Config::count>("how many examples", positive),
        field<&Config::draws>("of the rest of each", positive),
        field<&Config::scale>("times each pixel is enlarged; 0 fills about 1,200 pixels", non_negative),
    };
  }
};

inline std::optional<std::string> why_not(const Subject& subject) {
  const auto* conditional = subject.can<Conditional>();
  if (conditional == nullptr || conditional->given_classes() > 0)
    return "the model is not given a part of the image to complete; `samples` and `reconstructions` show "
           "what it knows";
  return canvas::no_images(subject);
}

inline io::Image draw(const Subject& subject, const Config& config) {
  const at::NoGradGuard no_grad;
  constexpr float grey = 0.5F;  // of what is not given
  auto& conditional = *subject.can<Conditional>();
  const Batch batch = first_examples(subject, config.count);
  const Tensor part = conditional.given_part().to(batch.x.device());
  std::vector<Tensor> columns{batch.x * part + grey * (1 - part)};
  Noise noise(subject.seed, Purpose::picture);
  for (int64_t i = 0; i < config.draws; ++i) columns.push_back(conditional.sample_given(batch, noise));
  columns.push_back(batch.x);
  const Tensor rows = at::stack(columns, 1).flatten(0, 1);
  const auto width = static_cast<int64_t>(columns.size());
  const int64_t scale = canvas::fitting_scale(config.scale, width, rows.size(-1));
  return canvas::tile(canvas::to_images(rows),
                      {.columns = width, .scale = scale, .gap = scale, .outer_columns = true});
}

}  // namespace isthmus::pictures::completions
