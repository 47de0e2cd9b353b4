#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

#include "isthmus/io/image.hpp"

namespace isthmus::io {

/// Reads any PNG as 8-bit grey or RGB: palettes and small bit depths are expanded, 16 bits scaled to 8,
/// interlacing undone, transparency laid over white. Sample values are not colour-managed. Throws Error when
/// it is truncated or damaged; `name` is what the message calls it.
Image decode_png(std::span<const std::byte> bytes, std::string_view name = "memory");
Image read_png(const std::filesystem::path& path);

/// Writes 1 or 3 channels; the same image gives the same bytes. Throws Error for other channels, an empty
/// image, or pixels that are not height x width x channels.
std::vector<std::byte> encode_png(const Image& image);
void write_png(const std::filesystem::path& path, const Image& image);

}  // namespace isthmus::io
