#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "isthmus/canvas/axes.hpp"
#include "isthmus/canvas/caption.hpp"
#include "isthmus/core/subject.hpp"
#include "isthmus/core/text.hpp"
#include "isthmus/report/rate_distortion.hpp"

/// Runs of one model at several beta between what the code takes and what it leaves (Alemi et al. 2018,
/// figure 1).
namespace isthmus::pictures::rate_distortion {

inline constexpr std::string_view summary =
    "the rate (nats of the code) and the distortion (nats left) of this run and of others, as a curve over "
    "beta";

struct Config {
  std::string runs = {};
  int64_t scale = 2;

  static constexpr auto fields() {
    return std::tuple{
        field<&Config::runs>(
            "folders of further runs, as runs/b1,runs/b4; each needs the metric rate_distortion in its "
            "evaluation.json"),
        field<&Config::scale>("pixels a point of 1/96 inch", positive),
    };
  }
};

inline std::optional<std::string> why_not(const Subject& subject) {
  if (subject.can<RateDistortion>() == nullptr)
    return "the model has no code whose nats could be counted; reconstructions can be drawn";
  if (subject.run.empty())
    return "the model was not read from the folder of a training, which keeps its measures; name that folder";
  return report::why_no_rate_distortion(subject.run);
}

/// The points of this run and of `runs`, by rising rate; a run named twice counts once.
inline std::vector<report::RateDistortionPoint> points_of(const Subject& subject, const std::string& runs) {
  std::vector<std::filesystem::path> folders{subject.run};
  for (const std::string& run : split_list(runs)) {
    const bool known = std::ranges::any_of(folders, [&](const std::filesystem::path& folder) {
      return std::filesystem::weakly_canonical(folder) == std::filesystem::weakly_canonical(run);
    });
    if (!known) folders.emplace_back(run);
  }
  auto points = report::read_rate_distortions(folders);
  std::ranges::sort(points, {}, &report::RateDistortionPoint::rate);
  return points;
}

/// Lines on which rate + distortion, −ELBO, is the same: a model that trades one nat of the code for one nat
/// of the image moves along them.
inline void draw_equal_elbo(canvas::Surface& surface, const canvas::Axes& axes) {
  surface.clip(axes.box);
  for (const canvas::Tick& tick :
       canvas::ticks(axes.x.least + axes.y.least, axes.x.greatest + axes.y.greatest, 8)) {
    surface.line(axes.at(axes.x.least, tick.value - axes.x.least),
                 axes.at(axes.x.greatest, tick.value - axes.x.greatest), {.colour = canvas::border});
    // Where the line meets the frame's lower edge, or its right one.
    const double across = std::min(tick.value - axes.y.least, axes.x.greatest);
    const canvas::Point end = axes.at(across, tick.value - across);
    const canvas::Point corner = axes.at(axes.x.least, axes.y.greatest);
    if (end.x < corner.x + 40 || end.y < corner.y + 20) continue;  // no room for the figure
    surface.text({end.x - 8, end.y - 8}, canvas::short_number(-tick.value),
                 {.size = 9, .along = 1, .halo = true});
  }
  surface.unclip();
}

/// What to make of the dots, and where they stand on unlike footing.
inline std::string caption_of(const std::vector<report::RateDistortionPoint>& points) {
  const auto [fewest, most] = std::ranges::minmax(points, {}, &report::RateDistortionPoint::images);
  std::string text =
      "Each dot is a run. Along a grey line the ELBO is the same (its figure, in nats); lower and to the "
      "left is a better bound.";
  if (fewest.images != most.images)
    text += fmt::format(" Not all on the same images: {} of them for {}, {} for {}.", fewest.images,
                        fewest.label, most.images, most.label);
  return text;
}

inline io::Image draw(const Subject& subject, const Config& config) {
  const auto points = points_of(subject, config.runs);
  std::vector<double> rates;
  std::vector<double> distortions;
  for (const auto& point : points) {
    rates.push_back(point.rate);
    distortions.push_back(point.distortion);
  }
  canvas::Surface surface(560, 420, config.scale);
  const canvas::Axes axes{
      {70, 40, 460, 320}, canvas::range_of(rates, 0.15), canvas::range_of(distortions, 0.15)};
  canvas::draw_axes(surface, axes,
                    {"Rate and distortion", "rate: nats of the code", "distortion: nats left"});
  draw_equal_elbo(surface, axes);
  std::vector<canvas::Point> placed;
  for (const auto& point : points) placed.push_back(axes.at(point.rate, point.distortion));
  surface.polyline(placed, {canvas::palette[0], 2, 1});
  for (size_t i = 0; i < points.size(); ++i) {
    surface.circle(placed[i], 5, canvas::white);
    surface.circle(placed[i], 4, canvas::palette[0]);
    // On the side that has more room.
    const bool left = placed[i].x > axes.at((axes.x.least + axes.x.greatest) / 2, 0).x;
    surface.text({placed[i].x + (left ? -9 : 9), placed[i].y - 9}, points[i].label,
                 {.size = 11,
                  .colour = canvas::ink,
                  .weight = canvas::Weight::bold,
                  .along = left ? 1.0 : 0.0,
                  .halo = true});
  }
  return canvas::with_caption(surface.image(), caption_of(points));
}

}  // namespace isthmus::pictures::rate_distortion
