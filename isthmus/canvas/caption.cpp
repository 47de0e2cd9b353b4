#include "isthmus/canvas/caption.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "isthmus/canvas/surface.hpp"

namespace isthmus::canvas {

namespace {

std::vector<std::string> wrap(Surface& surface, std::string_view words, double width,
                              const TextStyle& style) {
  std::vector<std::string> lines(1);
  while (!words.empty()) {
    const size_t space = std::min(words.find(' '), words.size());
    const std::string word(words.substr(0, space));
    words.remove_prefix(std::min(space + 1, words.size()));
    const std::string longer = lines.back().empty() ? word : lines.back() + " " + word;
    if (lines.back().empty() || surface.text_width(longer, style) <= width)
      lines.back() = longer;
    else
      lines.push_back(word);
  }
  return lines;
}

}  // namespace

io::Image with_caption(const io::Image& picture, std::string_view words) {
  // Small pictures keep a readable size of text: a strip of two pixels a point is for pictures of 700 pixels
  // and more.
  const int64_t ratio = picture.width >= 700 ? 2 : 1;
  const double width = static_cast<double>(picture.width) / static_cast<double>(ratio);
  const TextStyle style{.size = 11, .along = 0};
  constexpr double line_height = 16, padding = 8;
  Surface ruler(width, 10, ratio);
  const auto lines = wrap(ruler, words, width - 4, style);
  Surface strip(width, line_height * static_cast<double>(lines.size()) + 2 * padding, ratio);
  double y = padding + line_height / 2;
  for (const std::string& line : lines) {
    strip.text({2, y}, line, style);
    y += line_height;
  }
  io::Image sheet{.height = picture.height, .width = picture.width, .channels = 3, .pixels = {}};
  sheet.pixels.reserve(static_cast<size_t>(picture.height * picture.width * 3));
  if (picture.channels == 3)
    sheet.pixels = picture.pixels;
  else
    for (const uint8_t grey : picture.pixels) sheet.pixels.insert(sheet.pixels.end(), 3, grey);
  const io::Image below = strip.image();
  sheet.height += below.height;
  sheet.pixels.insert(sheet.pixels.end(), below.pixels.begin(), below.pixels.end());
  return sheet;
}

}  // namespace isthmus::canvas
