#include "isthmus/canvas/scatter.hpp"

#include <gtest/gtest.h>

namespace isthmus::canvas {
namespace {

int64_t count(const io::Image& image, Colour colour) {
  int64_t found = 0;
  for (size_t i = 0; i < image.pixels.size(); i += 3)
    found += Colour{image.pixels[i], image.pixels[i + 1], image.pixels[i + 2]} == colour;
  return found;
}

TEST(Scatter, ShowsEveryGroupInItsColourWithALegend) {
  Scatter scatter;
  for (int i = 0; i < 12; ++i) {
    scatter.points.push_back({i / 3.0, i % 3 * 1.0});
    scatter.groups.push_back(i);
    scatter.names.push_back("class " + std::to_string(i));
  }
  const io::Image image = draw_scatter(scatter, 1);
  for (const Colour& colour : palette) EXPECT_GT(count(image, colour), 20);
  EXPECT_GT(image.width, draw_scatter({.labels = {}, .points = scatter.points}, 1).width);
}

TEST(Scatter, TakesPointsInOnePlaceAndNoneAtAll) {
  EXPECT_GT(draw_scatter({.labels = {}, .points = {{1, 1}, {1, 1}}}, 1).height, 300);
  EXPECT_GT(draw_scatter({}, 1).height, 300);
}

}  // namespace
}  // namespace isthmus::canvas
