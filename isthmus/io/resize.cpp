#include "isthmus/io/resize.hpp"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "isthmus/core/error.hpp"

namespace isthmus::io {
namespace {

/// What each new pixel takes of one axis: the weights of `count` old pixels from `first` on, which add up
/// to 1.
struct Share {
  int64_t first;
  std::vector<float> weights;
};

std::vector<Share> shares(int64_t from, int64_t to) {
  const double step = static_cast<double>(from) / static_cast<double>(to);
  std::vector<Share> all;
  for (int64_t i = 0; i < to; ++i) {
    // In units of 1/to of an old pixel the borders are integers, so that no rounding adds a sliver of a
    // neighbour.
    const int64_t begin = i * from;
    const int64_t end = begin + from;
    Share share{begin / to, {}};
    for (int64_t old = share.first; old * to < end; ++old) {
      const int64_t covered = std::min(end, (old + 1) * to) - std::max(begin, old * to);
      share.weights.push_back(
          static_cast<float>(static_cast<double>(covered) / (step * static_cast<double>(to))));
    }
    all.push_back(std::move(share));
  }
  return all;
}

}  // namespace

Image centre_square(const Image& image) {
  const int64_t side = std::min(image.height, image.width);
  const int64_t top = (image.height - side) / 2;
  const int64_t left = (image.width - side) / 2;
  Image square{side, side, image.channels, {}};
  square.pixels.reserve(static_cast<size_t>(side * side * image.channels));
  for (int64_t y = 0; y < side; ++y) {
    const auto from = image.pixels.begin() + ((top + y) * image.width + left) * image.channels;
    square.pixels.insert(square.pixels.end(), from, from + side * image.channels);
  }
  return square;
}

Image resize(const Image& image, int64_t height, int64_t width) {
  if (image.pixels.empty() || height < 1 || width < 1)
    throw Error({.who = "resize",
                 .expected = "an image and a size of at least one pixel",
                 .got = fmt::format("{}x{} to become {}x{}", image.height, image.width, height, width)});
  const std::vector<Share> rows = shares(image.height, height);
  const std::vector<Share> columns = shares(image.width, width);
  const int64_t channels = image.channels;
  const auto at = [](int64_t index) { return static_cast<size_t>(index); };

  std::vector<float> narrow(at(image.height * width * channels));  // columns done, rows not yet
  auto to = narrow.begin();
  for (int64_t y = 0; y < image.height; ++y) {
    for (const Share& share : columns) {
      for (int64_t c = 0; c < channels; ++c, ++to) {
        int64_t from = (y * image.width + share.first) * channels + c;
        for (const float weight : share.weights) {
          *to += weight * static_cast<float>(image.pixels[at(from)]);
          from += channels;
        }
      }
    }
  }

  Image small{height, width, channels, {}};
  small.pixels.reserve(at(height * width * channels));
  for (const Share& share : rows) {
    for (int64_t x = 0; x < width * channels; ++x) {
      float sum = 0.5F;  // rounds
      int64_t from = share.first * width * channels + x;
      for (const float weight : share.weights) {
        sum += weight * narrow[at(from)];
        from += width * channels;
      }
      small.pixels.push_back(static_cast<uint8_t>(std::min(sum, 255.F)));
    }
  }
  return small;
}

}  // namespace isthmus::io
