#include "isthmus/canvas/axes.hpp"

#include <algorithm>
#include <cmath>

namespace isthmus::canvas {

Range range_of(const std::vector<double>& values, double share) {
  if (values.empty()) return {0, 1};
  const auto [least, greatest] = std::minmax_element(values.begin(), values.end());
  double pad = (*greatest - *least) * share;
  if (*greatest == *least) pad = *least == 0 ? 1 : std::abs(*least) * 0.1;
  return {*least - pad, *greatest + pad};
}

void draw_axes(Surface& surface, const Axes& axes, const AxesLabels& labels) {
  const Box& box = axes.box;
  double widest = 0;
  for (const Tick& tick : ticks(axes.y.least, axes.y.greatest, static_cast<int>(box.height / 55))) {
    const double y = axes.at(axes.x.least, tick.value).y;
    surface.line({box.x, y}, {box.right(), y}, {.colour = rule});
    const TextStyle style{.size = 9.5, .along = 1};
    surface.text({box.x - 7, y}, tick.label, style);
    widest = std::max(widest, surface.text_width(tick.label, style));
  }
  for (const Tick& tick : ticks(axes.x.least, axes.x.greatest, static_cast<int>(box.width / 70))) {
    const double x = axes.at(tick.value, axes.y.least).x;
    surface.line({x, box.y}, {x, box.bottom()}, {.colour = rule});
    surface.text({x, box.bottom() + 13}, tick.label, {.size = 9.5, .along = 0.5});
  }
  surface.line({box.x, box.bottom()}, {box.right(), box.bottom()}, {.colour = border});
  if (!labels.title.empty())
    surface.text({box.x, box.y - 15}, labels.title, {.size = 12.5, .colour = ink, .weight = Weight::bold});
  surface.text({box.x + box.width / 2, box.bottom() + 29}, labels.x, {.size = 10, .along = 0.5});
  surface.text({box.x - 17 - widest, box.y + box.height / 2}, labels.y,
               {.size = 10, .along = 0.5, .upwards = true});
}

}  // namespace isthmus::canvas
