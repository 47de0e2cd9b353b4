#pragma once

#include <fmt/format.h>

#include "isthmus/canvas/caption.hpp"
#include "isthmus/canvas/grid.hpp"
#include "isthmus/canvas/subject_images.hpp"
#include "isthmus/core/codes.hpp"
#include "isthmus/ops/principal_components.hpp"

namespace isthmus::pictures::manifold {

inline constexpr std::string_view summary =
    "a plane of the latent space, decoded: the whole of a two-dimensional one, else the two principal "
    "directions of the codes";

struct Config {
  int64_t count = 20;
  int64_t scale = 0;
  int64_t examples = 5000;

  static constexpr auto fields() {
    return std::tuple{
        field<&Config::count>("images a side", Bound{.least = 2, .text = "of 2 or more"}),
        field<&Config::scale>("times each pixel is enlarged; 0 fills about 1,200 pixels", non_negative),
        field<&Config::examples>("examples whose codes give the principal directions; 0 takes all",
                                 non_negative),
    };
  }
};

/// Whether the plane is the prior's own: a two-dimensional code under a standard normal prior.
inline bool is_prior_plane(const Subject& subject) {
  const auto* posterior = subject.can<GaussianPosterior>();
  return posterior != nullptr && posterior->has_standard_prior() && subject.can<Decoder>()->code_size() == 2;
}

inline std::optional<std::string> why_not(const Subject& subject) {
  if (!subject.can<Decoder>())
    return "the model cannot decode a code on its own; reconstructions can be drawn";
  if (subject.can<Decoder>()->code_size() < 2)
    return "the code has one dimension, and a plane has two; interpolation can be drawn";
  if (const auto reason = canvas::no_images(subject)) return reason;
  return is_prior_plane(subject) ? std::nullopt : canvas::no_codes(subject);
}

/// The standard normal's quantiles at the middles of `count` equal shares of its mass, [count]: as many
/// images where the prior is dense as where it is thin (Kingma & Welling 2014, figure 4).
inline Tensor quantiles(int64_t count) {
  const Tensor share = (at::arange(count, at::kDouble) + 0.5) / static_cast<double>(count);
  return at::special_ndtri(share);
}

/// Codes of a count × count grid, the first direction to the right, the second upwards: [count², 2].
inline Tensor coordinates(int64_t count) {
  const Tensor along = quantiles(count);
  const Tensor up = along.flip(0);
  return at::stack({along.repeat({count}), up.repeat_interleave(count)}, 1);
}

inline io::Image draw(const Subject& subject, const Config& config) {
  const at::NoGradGuard no_grad;
  Tensor codes = coordinates(config.count);
  std::string caption =
      "The latent plane at equal shares of the prior's mass (inverse of the normal distribution function).";
  if (!is_prior_plane(subject)) {
    const auto examples = encode_split(subject, config.examples);
    const auto principal = ops::principal_components(examples.code, 2);
    codes = principal.mean + (codes * principal.variances.sqrt()).matmul(principal.directions);
    const double share = principal.total > 0 ? principal.variances.sum().item<double>() / principal.total : 0;
    caption = fmt::format(
        "The plane of the two principal directions of {} codes of {} dimensions ({:.0f} % of their "
        "variance), at equal shares of a normal distribution's mass.",
        examples.code.size(0), examples.code.size(1), 100 * share);
  }
  codes = codes.to(device_of(subject.model), at::kFloat);
  std::vector<io::Image> images;
  for (const Tensor& row : codes.split(config.count)) {
    const auto drawn = canvas::to_images(subject.can<Decoder>()->decode(row));
    images.insert(images.end(), drawn.begin(), drawn.end());
  }
  const int64_t scale = canvas::fitting_scale(config.scale, config.count, images.front().width);
  return canvas::with_caption(canvas::tile(images, {.columns = config.count, .scale = scale, .gap = 0}),
                              caption);
}

}  // namespace isthmus::pictures::manifold
