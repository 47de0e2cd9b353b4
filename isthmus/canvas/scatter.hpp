#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "isthmus/canvas/axes.hpp"

namespace isthmus::canvas {

struct Scatter {
  AxesLabels labels = {};
  std::vector<Point> points = {};
  std::vector<int64_t> groups = {};     ///< one a point; empty when all are of a kind
  std::vector<std::string> names = {};  ///< of the groups; at most twenty
};

/// As many groups as colours and marks tell apart.
inline constexpr int64_t most_groups = 2 * static_cast<int64_t>(palette.size());

/// Points in the order given (so no group hides another), a legend at the right, each group's name at its
/// middle. Both axes have the same unit: distances can be compared. Groups after the tenth take the colours
/// again, as diamonds.
io::Image draw_scatter(const Scatter& scatter, int64_t pixels_per_point = 2);

}  // namespace isthmus::canvas
