#pragma once

#include <string>
#include <utility>
#include <vector>

#include "isthmus/canvas/axes.hpp"

namespace isthmus::canvas {

struct Line {
  std::string label;
  std::vector<std::pair<double, double>> points;
  Colour colour = palette[0];
  bool marks = false;  ///< a dot at every point, where there is room for them
};

struct LineChart {
  AxesLabels labels;
  std::vector<Line> lines;
  Range x, y;  ///< what lies outside is cut off
};

/// Lines with many points are drawn twice: as they are, faintly, and as a running mean over a fiftieth of
/// them, so that a noisy loss can be read.
void draw_line_chart(Surface& surface, const Box& box, const LineChart& chart);

/// The mean of the `width` points around each. At the start as many before as after, since a loss is steep
/// there; at the end those before, since it is flat.
std::vector<std::pair<double, double>> running_mean(const std::vector<std::pair<double, double>>& points,
                                                    size_t width);

/// Swatches and labels in one row, ending at `right`.
void draw_line_legend(Surface& surface, Point right, const std::vector<Line>& lines);

}  // namespace isthmus::canvas
