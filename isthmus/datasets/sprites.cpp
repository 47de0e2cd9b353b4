#include "isthmus/datasets/sprites.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include <fmt/format.h>

#include "isthmus/core/error.hpp"

namespace isthmus::datasets::sprites {
namespace {

constexpr int64_t shapes = 3;
constexpr int64_t scales = 6;
constexpr int64_t rotations = 40;
constexpr int64_t places = 32;
constexpr int64_t count = shapes * scales * rotations * places * places;

/// Whether (x, y), y upwards, lies in a shape whose circle about the origin has radius 1.
bool inside(int64_t shape, double x, double y) {
  switch (shape) {
    case 0:
      return std::max(std::abs(x), std::abs(y)) <= 0.7;
    case 1:
      return x * x + 4 * y * y <= 1;
    default: {  // x² + (1.2 y − 0.8 √|x|)² ≤ 1, which fits a circle of radius 1.14 about (0, 0.3)
      const double u = 1.14 * x;
      const double v = 1.2 * (1.14 * y + 0.3) - 0.8 * std::sqrt(std::abs(u));
      return u * u + v * v <= 1;
    }
  }
}

class Sprites final : public Dataset {
 public:
  explicit Sprites(int64_t side) : shape_{1, side, side}, reach_(side / 4), phases_(64 / side) {
    labels_.resize(count);
    for (int64_t i = 0; i < count; ++i) labels_[static_cast<size_t>(i)] = i / (count / shapes);
    const int64_t width = 2 * reach_ + 1;
    masks_.resize(static_cast<size_t>(shapes * scales * rotations * phases_ * phases_ * width * width));
    auto to = masks_.begin();
    for (int64_t form = 0; form < shapes * scales * rotations; ++form)
      for (int64_t x = 0; x < phases_; ++x)
        for (int64_t y = 0; y < phases_; ++y) to = render(form, x, y, to);
  }

  int64_t size() const override { return count; }
  const Shape& shape() const override { return shape_; }
  std::span<const int64_t> labels() const override { return labels_; }
  std::vector<std::string> class_names() const override { return {"square", "ellipse", "heart"}; }
  std::vector<Factor> factors() const override {
    return {{"shape", shapes}, {"scale", scales}, {"rotation", rotations}, {"x", places}, {"y", places}};
  }
  std::vector<int64_t> factor_values(int64_t row) const override {
    const int64_t form = row / (places * places);
    return {form / (scales * rotations), form / rotations % scales, form % rotations, row / places % places,
            row % places};
  }
  bool binary() const override { return true; }

  void gather(std::span<const int64_t> rows, std::span<float> out) const override {
    const int64_t side = shape_[1];
    const int64_t width = 2 * reach_ + 1;
    std::ranges::fill(out, 0.F);
    float* image = out.data();
    for (const int64_t row : rows) {
      const int64_t x = row / places % places;
      const int64_t y = row % places;
      const int64_t mask = (row / (places * places) * phases_ + x % phases_) * phases_ + y % phases_;
      const uint8_t* from = masks_.data() + mask * width * width;
      for (int64_t i = 0; i < width; ++i, from += width)
        std::copy_n(from, width, image + (y / phases_ + i) * side + x / phases_);
      image += side * side;
    }
  }

 private:
  /// Centres are one 64th of the image apart, about its middle: at side − 64 apart by whole pixels, at 32 by
  /// halves, so that a shape has phases_ masks along each axis. A mask spans 2 reach_ + 1 pixels from the
  /// pixel place / phases_.
  double centre(int64_t phase) const {
    const double middle = static_cast<double>(shape_[1]) / 2;
    const double first = middle - 15.5 / static_cast<double>(phases_);
    return first + static_cast<double>(phase) / static_cast<double>(phases_);
  }

  std::vector<uint8_t>::iterator render(int64_t form, int64_t x_phase, int64_t y_phase,
                                        std::vector<uint8_t>::iterator to) const {
    const double scale = 0.5 + 0.5 * static_cast<double>(form / rotations % scales) / (scales - 1);
    const double angle = 2 * std::numbers::pi * static_cast<double>(form % rotations) / (rotations - 1);
    const double radius = scale * static_cast<double>(reach_);
    const double cosine = std::cos(angle) / radius;
    const double sine = std::sin(angle) / radius;
    for (int64_t i = 0; i <= 2 * reach_; ++i) {
      for (int64_t j = 0; j <= 2 * reach_; ++j) {
        const double x = static_cast<double>(j) + 0.5 - centre(x_phase);
        const double y = centre(y_phase) - static_cast<double>(i) - 0.5;  // upwards
        int covered = 0;
        for (const double dx : {-1. / 3, 0., 1. / 3})
          for (const double dy : {-1. / 3, 0., 1. / 3})
            covered += inside(form / (scales * rotations), cosine * (x + dx) + sine * (y + dy),
                              cosine * (y + dy) - sine * (x + dx));
        *to++ = static_cast<uint8_t>(covered > 4);  // most of its ninths
      }
    }
    return to;
  }

  Shape shape_;
  int64_t reach_;   // radius of the largest sprite, pixels
  int64_t phases_;  // steps of a place in a pixel
  std::vector<uint8_t> masks_;
  std::vector<int64_t> labels_;
};

}  // namespace

Source open(const DataConfig& config) {
  if (!config.path.empty())
    throw UsageError({.who = "sprites",
                      .expected = "no --data.path: sprites are made as the program runs",
                      .got = fmt::format("'{}'", config.path)});
  if (config.size != 0 && config.size != 32 && config.size != 64)
    throw UsageError(
        {.who = "sprites", .expected = "--data.size 64 or 32", .got = fmt::format("{}", config.size)});
  return {.train = std::make_shared<Sprites>(config.size == 32 ? 32 : 64)};
}

}  // namespace isthmus::datasets::sprites
