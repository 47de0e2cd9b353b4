#pragma once

#include <cmath>

#include "isthmus/canvas/caption.hpp"
#include "isthmus/canvas/grid.hpp"
#include "isthmus/canvas/subject_images.hpp"

namespace isthmus::pictures::interpolation {

inline constexpr std::string_view summary =
    "walks between the codes of two examples, decoded; the examples themselves stand at the ends";

enum class Path { automatic, linear, spherical };

struct Config {
  int64_t count = 8;
  int64_t columns = 9;
  int64_t scale = 0;
  Path path = Path::automatic;

  static constexpr auto fields() {
    return std::tuple{
        field<&Config::count>("how many walks, one a row", positive),
        field<&Config::columns>("steps of a walk, both ends included",
                                Bound{.least = 2, .text = "of 2 or more"}),
        field<&Config::scale>("times each pixel is enlarged; 0 fills about 1,200 pixels", non_negative),
        field<&Config::path>(
            "straight line, or great circle; automatic takes the circle for Gaussian codes, whose straight "
            "lines cut through a middle that the prior hardly visits"),
    };
  }
};

inline std::optional<std::string> why_not(const Subject& subject) {
  if (!subject.can<Decoder>())
    return "the model cannot decode a code on its own; reconstructions can be drawn";
  if (const auto reason = canvas::no_codes(subject)) return reason;
  return canvas::no_images(subject);
}

/// Steps along a straight line from a to b, [code] each → [steps, code].
inline Tensor line(const Tensor& a, const Tensor& b, int64_t steps) {
  const Tensor t = at::linspace(0, 1, steps, a.options()).unsqueeze(1);
  return (1 - t) * a + t * b;
}

/// Steps along the arc that turns evenly from a to b (White 2016, arXiv:1609.04468): the norm stays between
/// theirs. The straight line where there is no one arc: codes that are parallel, opposite or zero.
inline Tensor arc(const Tensor& a, const Tensor& b, int64_t steps) {
  const double norms = (a.norm() * b.norm()).item<double>();
  if (norms < 1e-12) return line(a, b, steps);
  const double cosine = a.dot(b).item<double>() / norms;
  const double angle = std::acos(std::clamp(cosine, -1.0, 1.0));
  if (std::sin(angle) < 1e-3) return line(a, b, steps);
  const Tensor t = at::linspace(0, 1, steps, a.options()).unsqueeze(1);
  return (((1 - t) * angle).sin() * a + (t * angle).sin() * b) / std::sin(angle);
}

inline io::Image draw(const Subject& subject, const Config& config) {
  const at::NoGradGuard no_grad;
  const Batch batch = first_examples(subject, 2 * config.count);
  const Tensor codes = subject.can<Encoder>()->encode(batch.x);
  const auto* posterior = subject.can<GaussianPosterior>();
  const bool gaussian = posterior != nullptr && posterior->has_standard_prior();
  const bool round = config.path == Path::spherical || (config.path == Path::automatic && gaussian);
  const auto originals = canvas::to_images(batch.x);

  std::vector<io::Image> cells;
  for (int64_t first = 0; first + 1 < batch.size(); first += 2) {
    const Tensor walk = (round ? arc : line)(codes[first], codes[first + 1], config.columns);
    auto row = canvas::to_images(subject.can<Decoder>()->decode(walk));
    row.insert(row.begin(), originals[static_cast<size_t>(first)]);
    row.push_back(originals[static_cast<size_t>(first + 1)]);
    cells.insert(cells.end(), row.begin(), row.end());
  }
  const int64_t columns = config.columns + 2;
  const int64_t scale = canvas::fitting_scale(config.scale, columns, originals.front().width);
  const io::Image grid =
      canvas::tile(cells, {.columns = columns, .scale = scale, .gap = 2 * scale, .outer_columns = true});
  return canvas::with_caption(grid, round ? "At the ends the examples; between them their codes and the "
                                            "great circle from one to the other, decoded."
                                          : "At the ends the examples; between them their codes and the "
                                            "straight line from one to the other, decoded.");
}

}  // namespace isthmus::pictures::interpolation
