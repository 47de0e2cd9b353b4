#pragma once

#include <algorithm>
#include <numeric>

#include <fmt/format.h>

#include "isthmus/canvas/caption.hpp"
#include "isthmus/canvas/grid.hpp"
#include "isthmus/canvas/subject_images.hpp"
#include "isthmus/core/scores.hpp"

namespace isthmus::pictures::extremes {

inline constexpr std::string_view summary =
    "the examples of the split that the model finds the least likely, and below them the likeliest";

struct Config {
  int64_t count = 30;
  int64_t columns = 10;
  int64_t scale = 0;
  int64_t examples = 2000;
  ScoreConfig scoring = {.draws = 10};

  static constexpr auto fields() {
    return std::tuple{
        field<&Config::count>("how many of each", positive),
        field<&Config::columns>("examples in a row", positive),
        field<&Config::scale>("times each pixel is enlarged; 0 fills about 1,200 pixels", non_negative),
        field<&Config::examples>("looked for among the first so many of the split; 0 takes all",
                                 non_negative),
        inlined<&Config::scoring>(),
    };
  }
};

inline std::optional<std::string> why_not(const Subject& subject) {
  return canvas::no_images(subject);
}

/// The examples `rows` of the split as they were scored.
inline std::vector<io::Image> images_of(const Subject& subject, const std::vector<int64_t>& rows) {
  std::vector<Tensor> found(rows.size());
  for_each_batch(subject, 500, 1 + *std::ranges::max_element(rows), [&](const Batch& batch, int64_t first) {
    for (size_t i = 0; i < rows.size(); ++i)
      if (rows[i] >= first && rows[i] < first + batch.size()) found[i] = batch.x[rows[i] - first];
  });
  return canvas::to_images(at::stack(found));
}

/// From scores of the split's first examples, in their order; each half begins with the most extreme.
inline io::Image draw_scored(const Subject& subject, const Scores& scores, const Config& config) {
  const std::vector<double> surprises = scores.surprises();
  std::vector<int64_t> order(surprises.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, std::greater{},
                           [&](int64_t row) { return surprises[static_cast<size_t>(row)]; });
  // No example stands in both halves.
  const auto half = static_cast<int64_t>(std::max<size_t>(1, order.size() / 2));
  const int64_t count = std::min(config.count, half);
  const int64_t columns = std::min(config.columns, count);
  std::vector<int64_t> rows(order.begin(), order.begin() + count);
  if (order.size() > 1) rows.insert(rows.end(), order.rbegin(), order.rbegin() + count);

  const std::vector<io::Image> images = images_of(subject, rows);
  const io::Image blank{images.front().height, images.front().width, images.front().channels,
                        std::vector<uint8_t>(images.front().pixels.size(), 255)};
  const int64_t lines = (count + columns - 1) / columns;
  std::vector<io::Image> cells;
  for (size_t from = 0; from < images.size(); from += static_cast<size_t>(count)) {
    cells.insert(cells.end(), images.begin() + static_cast<int64_t>(from),
                 images.begin() + static_cast<int64_t>(from) + count);
    cells.resize(cells.size() + static_cast<size_t>(lines * columns - count), blank);
  }
  const int64_t scale = canvas::fitting_scale(config.scale, columns, blank.width);
  const io::Image grid =
      canvas::tile(cells, {.columns = columns, .scale = scale, .gap = scale, .rows_per_group = lines});
  const auto value = [&](int64_t row) { return scores.values[static_cast<size_t>(row)]; };
  const std::string last = order.size() > 1
                               ? fmt::format("; below: the most usual, {:.1f} to {:.1f}", value(order.back()),
                                             value(order[order.size() - static_cast<size_t>(count)]))
                               : "";
  return canvas::with_caption(
      grid, fmt::format("above: the most unusual of {} examples, {} {:.1f} to {:.1f} {}{}", order.size(),
                        enum_name(scores.by), value(order.front()),
                        value(order[static_cast<size_t>(count - 1)]), scores.unit(), last));
}

inline io::Image draw(const Subject& subject, const Config& config) {
  return draw_scored(subject, score_examples(subject, config.scoring, config.examples), config);
}

}  // namespace isthmus::pictures::extremes
