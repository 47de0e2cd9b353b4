#include "isthmus/canvas/scatter.hpp"

#include <algorithm>
#include <cmath>

namespace isthmus::canvas {

namespace {

constexpr double width = 600, left = 66, above = 20, below = 52;

Colour colour_of(int64_t group) {
  return palette[static_cast<size_t>(group) % palette.size()];
}

void mark(Surface& surface, Point at, int64_t group, double radius, double opacity) {
  if (group < static_cast<int64_t>(palette.size()))
    surface.circle(at, radius, colour_of(group), opacity);
  else
    surface.diamond(at, radius * 1.35, colour_of(group), opacity);
}

/// Ranges that hold all points, the same unit on both axes; the frame is as high as the points ask for,
/// within reason.
Axes equal_axes(const std::vector<Point>& points) {
  const auto range = [&](auto coordinate) {
    std::vector<double> values;
    for (const Point& point : points) values.push_back(coordinate(point));
    return range_of(values, 0.04);
  };
  Range x = range([](const Point& point) { return point.x; });
  Range y = range([](const Point& point) { return point.y; });
  const double height = std::clamp(width * y.width() / x.width(), 360.0, 620.0);
  const double unit = std::max(x.width() / width, y.width() / height);
  const auto widen = [&](Range& one, double points_across) {
    const double centre = (one.least + one.greatest) / 2;
    one = {centre - unit * points_across / 2, centre + unit * points_across / 2};
  };
  widen(x, width);
  widen(y, height);
  return {{left, above, width, height}, x, y};
}

double median(std::vector<double> values) {
  const auto half = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), half, values.end());
  return *half;
}

void name_group(Surface& surface, const Axes& axes, const Scatter& scatter, int64_t group) {
  std::vector<double> x, y;
  for (size_t i = 0; i < scatter.points.size(); ++i)
    if (scatter.groups[i] == group) x.push_back(scatter.points[i].x), y.push_back(scatter.points[i].y);
  if (x.empty()) return;
  surface.text(
      axes.at(median(x), median(y)), scatter.names[static_cast<size_t>(group)],
      {.size = 10.5, .colour = darker(colour_of(group)), .weight = Weight::bold, .along = 0.5, .halo = true});
}

}  // namespace

io::Image draw_scatter(const Scatter& scatter, int64_t pixels_per_point) {
  Surface ruler(10, 10, 1);
  double legend = 0;
  for (const std::string& name : scatter.names)
    legend = std::max(legend, ruler.text_width(name, {.size = 10.5}) + 44);
  const Axes axes = equal_axes(scatter.points);
  const double listed = 21 * static_cast<double>(scatter.names.size());
  Surface surface(axes.box.right() + std::max(legend, 24.0),
                  above + std::max(axes.box.height + below, listed), pixels_per_point);
  draw_axes(surface, axes, scatter.labels);

  const double count = static_cast<double>(std::max<size_t>(scatter.points.size(), 1));
  const double radius = std::clamp(90 / std::sqrt(count), 1.7, 3.5);
  const double opacity = std::clamp(30 / std::sqrt(count), 0.5, 0.9);
  for (size_t i = 0; i < scatter.points.size(); ++i)
    mark(surface, axes.at(scatter.points[i].x, scatter.points[i].y),
         scatter.groups.empty() ? 0 : scatter.groups[i], radius, opacity);

  double y = above + 8;
  for (size_t group = 0; group < scatter.names.size(); ++group, y += 21) {
    mark(surface, {axes.box.right() + 20, y}, static_cast<int64_t>(group), 4.5, 1);
    surface.text({axes.box.right() + 31, y}, scatter.names[group], {.size = 10.5, .colour = ink});
    name_group(surface, axes, scatter, static_cast<int64_t>(group));
  }
  return surface.image();
}

}  // namespace isthmus::canvas
