#include "isthmus/io/exif.hpp"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <utility>

#include "isthmus/io/bytes.hpp"

namespace isthmus::io {
namespace {

/// TIFF's numbers, whose byte order the first two letters give.
class Tiff {
 public:
  explicit Tiff(std::span<const std::byte> bytes)
      : bytes_(bytes), little_(as_text(bytes).starts_with("II")) {}

  bool known() const { return little_ || as_text(bytes_).starts_with("MM"); }
  bool holds(size_t at, size_t count) const { return at <= bytes_.size() && count <= bytes_.size() - at; }

  /// Of 2 or 4 bytes, which must be there.
  uint32_t number(size_t at, size_t count) const {
    uint32_t value = 0;
    for (size_t i = 0; i < count; ++i)
      value = value << 8U | std::to_integer<uint32_t>(bytes_[little_ ? at + count - 1 - i : at + i]);
    return value;
  }

 private:
  std::span<const std::byte> bytes_;
  bool little_;
};

}  // namespace

int orientation_of(std::span<const std::byte> exif) {
  constexpr std::string_view mark("Exif\0\0", 6);
  constexpr uint32_t tag = 0x0112;
  constexpr size_t entry_size = 12;
  if (!as_text(exif).starts_with(mark)) return 1;
  const Tiff tiff(exif.subspan(mark.size()));
  if (!tiff.known() || !tiff.holds(4, 4)) return 1;
  const size_t directory = tiff.number(4, 4);
  if (!tiff.holds(directory, 2)) return 1;
  const size_t count = tiff.number(directory, 2);
  for (size_t i = 0; i < count; ++i) {
    const size_t entry = directory + 2 + i * entry_size;
    if (!tiff.holds(entry, entry_size)) return 1;
    if (tiff.number(entry, 2) != tag) continue;
    const uint32_t value = tiff.number(entry + 8, 2);
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

Image upright(Image image, int orientation) {
  if (orientation < 2 || orientation > 8) return image;
  // From 5 on the stored rows are the columns that are seen.
  const bool turned = orientation >= 5;
  Image seen{.height = turned ? image.width : image.height,
             .width = turned ? image.height : image.width,
             .channels = image.channels,
             .pixels = std::vector<uint8_t>(image.pixels.size())};
  // Which of the stored rows and columns run backwards.
  const bool rows_backwards = orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8;
  const bool columns_backwards = orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7;
  auto to = seen.pixels.begin();
  for (int64_t y = 0; y < seen.height; ++y)
    for (int64_t x = 0; x < seen.width; ++x) {
      int64_t row = turned ? x : y;
      int64_t column = turned ? y : x;
      if (turned ? columns_backwards : rows_backwards) row = image.height - 1 - row;
      if (turned ? rows_backwards : columns_backwards) column = image.width - 1 - column;
      to = std::copy_n(image.pixels.begin() + (row * image.width + column) * image.channels, image.channels,
                       to);
    }
  return seen;
}

}  // namespace isthmus::io
