#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "isthmus/io/input.hpp"

namespace isthmus::io {

/// A picture of 8-bit samples, row by row from the top, the channels of a pixel side by side: [height, width,
/// channels].
struct Image {
  int64_t height = 0;
  int64_t width = 0;
  int64_t channels = 0;  // 1 grey, 3 red green blue
  std::vector<uint8_t> pixels;

  bool operator==(const Image&) const = default;
};

/// Reads a PNG or JPEG file, told apart by its first bytes. Throws Error when it is neither, or damaged.
Image read_image(const std::filesystem::path& path);
Image read_image(const Input& input);

}  // namespace isthmus::io
