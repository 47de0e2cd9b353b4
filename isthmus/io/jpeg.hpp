#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string_view>

#include "isthmus/io/image.hpp"

namespace isthmus::io {

/// Reads a JPEG as 8-bit grey or RGB, upright as its Exif data say that it was taken. Throws Error when it is
/// truncated, damaged, or in four inks (CMYK); `name` is what the message calls it.
Image decode_jpeg(std::span<const std::byte> bytes, std::string_view name = "memory");
Image read_jpeg(const std::filesystem::path& path);

}  // namespace isthmus::io
