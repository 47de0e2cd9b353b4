#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "isthmus/canvas/colour.hpp"
#include "isthmus/io/image.hpp"

namespace isthmus::canvas {

struct Point {
  double x, y;
};

/// A rectangle in points; y grows downwards.
struct Box {
  double x, y, width, height;
  double right() const { return x + width; }
  double bottom() const { return y + height; }
};

struct Stroke {
  Colour colour = ink;
  double width = 1;
  double opacity = 1;
};

enum class Weight { normal, bold };

/// How a text lies about its point: along[0] and across[1], each 0 (starts there), 0.5 (centred), 1 (ends
/// there).
struct TextStyle {
  double size = 11;
  Colour colour = muted;
  Weight weight = Weight::normal;
  double along = 0;
  double across = 0.5;
  bool upwards = false;  ///< turned by a quarter, to be read from below
  bool halo = false;     ///< a white rim, to be read over a crowd of points
};

/// A white sheet to draw vectors on (cairo), measured in points of `pixels_per_point` pixels each.
class Surface {
 public:
  /// Throws Error when a side is not above 0 or too long for cairo (32,767 pixels).
  Surface(double width, double height, int64_t pixels_per_point = 2);
  ~Surface();
  Surface(Surface&&) noexcept;
  Surface& operator=(Surface&&) noexcept;

  double width() const;
  double height() const;

  void rectangle(const Box& box, Colour colour, double opacity = 1);
  void line(Point from, Point to, const Stroke& stroke);
  void polyline(std::span<const Point> points, const Stroke& stroke);
  void circle(Point centre, double radius, Colour colour, double opacity = 1);
  void diamond(Point centre, double radius, Colour colour, double opacity = 1);
  void text(Point at, std::string_view words, const TextStyle& style);
  double text_width(std::string_view words, const TextStyle& style);

  /// Nothing shows outside `box` until the matching unclip().
  void clip(const Box& box);
  void unclip();

  /// RGB.
  io::Image image() const;

 private:
  struct Sheet;
  std::unique_ptr<Sheet> sheet_;
};

}  // namespace isthmus::canvas
