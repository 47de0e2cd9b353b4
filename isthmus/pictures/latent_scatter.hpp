#pragma once

#include <algorithm>

#include <fmt/format.h>

#include "isthmus/canvas/scatter.hpp"
#include "isthmus/canvas/subject_images.hpp"
#include "isthmus/core/codes.hpp"
#include "isthmus/ops/principal_components.hpp"

namespace isthmus::pictures::latent_scatter {

inline constexpr std::string_view summary =
    "the codes of examples as points, coloured by class; two principal components when there are more than "
    "two dimensions";

struct Config {
  int64_t count = 5000;
  int64_t scale = 2;

  static constexpr auto fields() {
    return std::tuple{
        field<&Config::count>("at most so many examples; 0 takes all", non_negative),
        field<&Config::scale>("pixels a point of 1/96 inch", positive),
    };
  }
};

inline std::optional<std::string> why_not(const Subject& subject) {
  return canvas::no_codes(subject);
}

/// The classes of the examples; none where they have no labels.
inline std::vector<int64_t> numbers(const Tensor& labels) {
  if (!labels.defined()) return {};
  const Tensor each = labels.to(at::kLong).contiguous();
  return {each.const_data_ptr<int64_t>(), each.const_data_ptr<int64_t>() + each.numel()};
}

/// The names of the classes in the legend; none where there are no labels, or too many to tell apart.
inline std::vector<std::string> legend(const Subject& subject, const std::vector<int64_t>& labels) {
  if (labels.empty() || *std::ranges::min_element(labels) < 0) return {};
  const int64_t classes = *std::ranges::max_element(labels) + 1;
  std::vector<std::string> names = subject.examples().class_names();
  for (int64_t i = static_cast<int64_t>(names.size()); i < classes && i < canvas::most_groups; ++i)
    names.push_back(fmt::format("{}", i));
  return std::max(classes, static_cast<int64_t>(names.size())) > canvas::most_groups
             ? std::vector<std::string>{}
             : names;
}

inline io::Image draw(const Subject& subject, const Config& config) {
  const auto examples = encode_split(subject, config.count);
  canvas::Scatter scatter;
  scatter.labels = {"", "first latent dimension", "second latent dimension"};
  Tensor plane = examples.code.to(at::kDouble);
  if (plane.size(1) == 1) {
    plane = at::stack(
        {plane.select(1, 0), Noise(subject.seed, Purpose::picture).uniform({plane.size(0)}).to(at::kDouble)},
        1);
    scatter.labels = {"", "the one latent dimension", "chance, to spread the points"};
  } else if (plane.size(1) > 2) {
    const auto principal = ops::principal_components(plane, 2);
    plane = principal.project(plane);
    const auto share = [&](int64_t i) {
      return 100 * principal.variances[i].template item<double>() / principal.total;
    };
    scatter.labels = {"", fmt::format("first principal component ({:.0f} % of the variance)", share(0)),
                      fmt::format("second principal component ({:.0f} %)", share(1))};
  }
  plane = plane.contiguous();
  const double* each = plane.const_data_ptr<double>();
  for (int64_t i = 0; i < plane.size(0); ++i) scatter.points.push_back({each[2 * i], each[2 * i + 1]});
  const std::vector<int64_t> labels = numbers(examples.labels);
  scatter.names = legend(subject, labels);
  if (!scatter.names.empty()) scatter.groups = labels;
  return canvas::draw_scatter(scatter, config.scale);
}

}  // namespace isthmus::pictures::latent_scatter
