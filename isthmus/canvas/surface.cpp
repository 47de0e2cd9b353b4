#include "isthmus/canvas/surface.hpp"

#include <cmath>
#include <numbers>

#include <cairo.h>
#include <fmt/format.h>

#include "isthmus/core/error.hpp"

namespace isthmus::canvas {

struct Surface::Sheet {
  cairo_surface_t* surface;
  cairo_t* pen;
  double width;
  double height;
  ~Sheet() {
    cairo_destroy(pen);
    cairo_surface_destroy(surface);
  }
};

namespace {

void use(cairo_t* pen, Colour colour, double opacity) {
  cairo_set_source_rgba(pen, colour.red / 255.0, colour.green / 255.0, colour.blue / 255.0, opacity);
}

void use(cairo_t* pen, const Stroke& stroke) {
  use(pen, stroke.colour, stroke.opacity);
  cairo_set_line_width(pen, stroke.width);
}

void use(cairo_t* pen, const TextStyle& style) {
  cairo_select_font_face(pen, "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL,
                         style.weight == Weight::bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
  cairo_set_font_size(pen, style.size);
}

}  // namespace

Surface::Surface(double width, double height, int64_t pixels_per_point) {
  const double across = std::ceil(width * static_cast<double>(pixels_per_point));
  const double down = std::ceil(height * static_cast<double>(pixels_per_point));
  const auto drawable = [](double side) { return side >= 1 && side <= 32767; };  // false for nan, too
  if (!drawable(across) || !drawable(down))
    throw Error({.who = "canvas",
                 .expected = "a picture of 1 to 32,767 pixels a side",
                 .got = fmt::format("{:.0f} by {:.0f}", across, down),
                 .hint = "fewer rows or columns, or a smaller scale"});
  cairo_surface_t* surface =
      cairo_image_surface_create(CAIRO_FORMAT_RGB24, static_cast<int>(across), static_cast<int>(down));
  sheet_ = std::make_unique<Sheet>(surface, cairo_create(surface), width, height);
  cairo_scale(sheet_->pen, static_cast<double>(pixels_per_point), static_cast<double>(pixels_per_point));
  cairo_set_line_cap(sheet_->pen, CAIRO_LINE_CAP_ROUND);
  cairo_set_line_join(sheet_->pen, CAIRO_LINE_JOIN_ROUND);
  cairo_font_options_t* font = cairo_font_options_create();
  cairo_font_options_set_antialias(font, CAIRO_ANTIALIAS_GRAY);
  cairo_font_options_set_hint_metrics(font, CAIRO_HINT_METRICS_OFF);
  cairo_font_options_set_hint_style(font, CAIRO_HINT_STYLE_NONE);
  cairo_set_font_options(sheet_->pen, font);
  cairo_font_options_destroy(font);
  use(sheet_->pen, white, 1);
  cairo_paint(sheet_->pen);
}

Surface::~Surface() = default;
Surface::Surface(Surface&&) noexcept = default;
Surface& Surface::operator=(Surface&&) noexcept = default;

double Surface::width() const {
  return sheet_->width;
}

double Surface::height() const {
  return sheet_->height;
}

void Surface::rectangle(const Box& box, Colour colour, double opacity) {
  use(sheet_->pen, colour, opacity);
  cairo_rectangle(sheet_->pen, box.x, box.y, box.width, box.height);
  cairo_fill(sheet_->pen);
}

void Surface::line(Point from, Point to, const Stroke& stroke) {
  const std::array<Point, 2> points{from, to};
  polyline(points, stroke);
}

void Surface::polyline(std::span<const Point> points, const Stroke& stroke) {
  cairo_new_path(sheet_->pen);
  for (const Point& point : points) cairo_line_to(sheet_->pen, point.x, point.y);
  use(sheet_->pen, stroke);
  cairo_stroke(sheet_->pen);
}

void Surface::circle(Point centre, double radius, Colour colour, double opacity) {
  use(sheet_->pen, colour, opacity);
  cairo_new_path(sheet_->pen);
  cairo_arc(sheet_->pen, centre.x, centre.y, radius, 0, 2 * std::numbers::pi);
  cairo_fill(sheet_->pen);
}

void Surface::diamond(Point centre, double radius, Colour colour, double opacity) {
  use(sheet_->pen, colour, opacity);
  cairo_new_path(sheet_->pen);
  cairo_move_to(sheet_->pen, centre.x, centre.y - radius);
  cairo_line_to(sheet_->pen, centre.x + radius, centre.y);
  cairo_line_to(sheet_->pen, centre.x, centre.y + radius);
  cairo_line_to(sheet_->pen, centre.x - radius, centre.y);
  cairo_close_path(sheet_->pen);
  cairo_fill(sheet_->pen);
}

double Surface::text_width(std::string_view words, const TextStyle& style) {
  use(sheet_->pen, style);
  cairo_text_extents_t extents;
  cairo_text_extents(sheet_->pen, std::string(words).c_str(), &extents);
  return extents.x_advance;
}

void Surface::text(Point at, std::string_view words, const TextStyle& style) {
  const std::string line(words);
  const double width = text_width(line, style);
  cairo_t* pen = sheet_->pen;
  cairo_save(pen);
  cairo_translate(pen, at.x, at.y);
  if (style.upwards) cairo_rotate(pen, -std::numbers::pi / 2);
  // 0.73 of the size: the height of a capital, so that `across` places what the eye sees.
  cairo_move_to(pen, -width * style.along, style.size * 0.73 * (1 - style.across));
  cairo_text_path(pen, line.c_str());
  if (style.halo) {
    use(pen, Stroke{white, 3.5, 0.85});
    cairo_stroke_preserve(pen);
  }
  use(pen, style.colour, 1);
  cairo_fill(pen);
  cairo_restore(pen);
}

void Surface::clip(const Box& box) {
  cairo_save(sheet_->pen);
  cairo_rectangle(sheet_->pen, box.x, box.y, box.width, box.height);
  cairo_clip(sheet_->pen);
}

void Surface::unclip() {
  cairo_restore(sheet_->pen);
}

io::Image Surface::image() const {
  cairo_surface_flush(sheet_->surface);
  io::Image image{.height = cairo_image_surface_get_height(sheet_->surface),
                  .width = cairo_image_surface_get_width(sheet_->surface),
                  .channels = 3,
                  .pixels = {}};
  image.pixels.reserve(static_cast<size_t>(image.height * image.width * 3));
  const unsigned char* row = cairo_image_surface_get_data(sheet_->surface);
  const int stride = cairo_image_surface_get_stride(sheet_->surface);
  for (int64_t y = 0; y < image.height; ++y, row += stride) {
    const auto* pixel = reinterpret_cast<const uint32_t*>(row);  // cairo aligns rows to words of xRGB
    for (int64_t x = 0; x < image.width; ++x)
      for (const int shift : {16, 8, 0}) image.pixels.push_back(static_cast<uint8_t>(pixel[x] >> shift));
  }
  return image;
}

}  // namespace isthmus::canvas
