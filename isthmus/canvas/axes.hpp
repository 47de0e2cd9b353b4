#pragma once

#include <string>
#include <vector>

#include "isthmus/canvas/surface.hpp"
#include "isthmus/canvas/ticks.hpp"

namespace isthmus::canvas {

struct Range {
  double least, greatest;
  double width() const { return greatest - least; }
};

/// The smallest range that holds all of `values`, wider by `share` of itself on both sides; never empty.
Range range_of(const std::vector<double>& values, double share);

/// A frame to plot in: where data coordinates lie on the sheet.
struct Axes {
  Box box;  ///< the plotted area, without labels
  Range x, y;

  Point at(double across, double up) const {
    return {box.x + (across - x.least) / x.width() * box.width,
            box.bottom() - (up - y.least) / y.width() * box.height};
  }
};

struct AxesLabels {
  std::string title;
  std::string x;
  std::string y;
};

/// Grid lines, ticks, and labels around axes.box, which needs about 24 points above for a title, 44 to its
/// left and 30 below.
void draw_axes(Surface& surface, const Axes& axes, const AxesLabels& labels);

}  // namespace isthmus::canvas
