#include "isthmus/canvas/line_chart.hpp"

#include <algorithm>
#include <ranges>

namespace isthmus::canvas {

namespace {

void draw_line(Surface& surface, const Axes& axes, const Line& line) {
  const auto placed = [&](const std::vector<std::pair<double, double>>& points) {
    std::vector<Point> on_sheet;
    for (const auto& [x, y] : points) on_sheet.push_back(axes.at(x, y));
    return on_sheet;
  };
  constexpr size_t many = 100;
  const auto points = placed(line.points);
  if (line.points.size() >= many) {
    surface.polyline(points, {line.colour, 0.9, 0.35});
    surface.polyline(placed(running_mean(line.points, line.points.size() / 25)), {line.colour, 2, 1});
  } else {
    surface.polyline(points, {line.colour, 2, 1});
  }
  const bool room = static_cast<double>(points.size()) * 9 < axes.box.width;
  if (points.size() == 1 || (line.marks && room))
    for (const Point& point : points) {
      surface.circle(point, 3.4, white);
      surface.circle(point, 2.6, line.colour);
    }
}

}  // namespace

std::vector<std::pair<double, double>> running_mean(const std::vector<std::pair<double, double>>& points,
                                                    size_t width) {
  std::vector<std::pair<double, double>> smooth;
  const size_t reach = width / 2;
  for (size_t i = 0; i < points.size(); ++i) {
    const size_t before = std::min(reach, i);
    const size_t after = std::min(before, points.size() - 1 - i);
    double sum = 0;
    for (size_t j = i - before; j <= i + after; ++j) sum += points[j].second;
    smooth.emplace_back(points[i].first, sum / static_cast<double>(before + after + 1));
  }
  return smooth;
}

void draw_line_chart(Surface& surface, const Box& box, const LineChart& chart) {
  const Axes axes{{box.x + 56, box.y + 34, box.width - 72, box.height - 74}, chart.x, chart.y};
  draw_axes(surface, axes, chart.labels);
  // A little over the frame at its sides, for the dots of the first and last step.
  surface.clip({axes.box.x - 4, axes.box.y, axes.box.width + 8, axes.box.height});
  for (const Line& line : chart.lines) draw_line(surface, axes, line);
  surface.unclip();
}

void draw_line_legend(Surface& surface, Point right, const std::vector<Line>& lines) {
  double x = right.x;
  for (const Line& line : std::views::reverse(lines)) {
    const TextStyle style{.size = 10.5, .colour = ink, .along = 1};
    surface.text({x, right.y}, line.label, style);
    x -= surface.text_width(line.label, style) + 6;
    surface.line({x - 18, right.y}, {x, right.y}, {line.colour, 2.4});
    if (line.marks) surface.circle({x - 9, right.y}, 3, line.colour);
    x -= 18 + 18;
  }
}

}  // namespace isthmus::canvas
