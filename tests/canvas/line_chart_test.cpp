#include "isthmus/canvas/line_chart.hpp"

#include <algorithm>

#include <gtest/gtest.h>

namespace isthmus::canvas {
namespace {

using Points = std::vector<std::pair<double, double>>;

TEST(LineChartMean, LeavesStraightLinesAloneUpToTheEnd) {
  Points line;
  for (int i = 0; i < 30; ++i) line.emplace_back(i, 3 * i);
  const Points smooth = running_mean(line, 7);
  for (size_t i = 0; i < 27; ++i) EXPECT_NEAR(smooth[i].second, line[i].second, 1e-12);
  EXPECT_NEAR(smooth[29].second, 3 * (26 + 27 + 28 + 29) / 4.0, 1e-12);
}

TEST(LineChartMean, AveragesNeighbours) {
  EXPECT_EQ(running_mean({{0, 1}, {1, 4}, {2, 1}}, 3), (Points{{0, 1}, {1, 2}, {2, 2.5}}));
}

int64_t count(const io::Image& image, Colour colour) {
  int64_t found = 0;
  for (size_t i = 0; i < image.pixels.size(); i += 3)
    found += Colour{image.pixels[i], image.pixels[i + 1], image.pixels[i + 2]} == colour;
  return found;
}

TEST(LineChart, DrawsEachLineInItsColour) {
  Surface surface(300, 200, 1);
  const LineChart chart{
      {"loss", "step", ""},
      {{"train", {{0, 1}, {10, 1}}, palette[0]}, {"validation", {{5, 2}}, palette[1], true}},
      {0, 10},
      {0, 3}};
  draw_line_chart(surface, {0, 0, 300, 200}, chart);
  EXPECT_GT(count(surface.image(), palette[0]), 200);
  EXPECT_GT(count(surface.image(), palette[1]), 3);
}

TEST(LineChart, CutsOffWhatLiesOutside) {
  Surface surface(300, 200, 1);
  draw_line_chart(surface, {0, 0, 300, 200},
                  {{}, {{"", {{0, 100}, {10, 100}}, palette[0]}}, {0, 10}, {0, 3}});
  EXPECT_EQ(count(surface.image(), palette[0]), 0);
}

}  // namespace
}  // namespace isthmus::canvas
