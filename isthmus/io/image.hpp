#pragma once

#include <cstdint>
#include <vector>

namespace isthmus::io {

/// 8-bit pixels in rows from the top, channels last: 1 (grey) or 3 (RGB).
struct Image {
  int64_t height = 0;
  int64_t width = 0;
  int64_t channels = 1;
  std::vector<uint8_t> pixels = {};  // height × width × channels
};

}  // namespace isthmus::io
