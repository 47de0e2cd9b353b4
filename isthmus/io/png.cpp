#include "isthmus/io/png.hpp"

#include <csetjmp>
#include <cstring>
#include <new>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <png.h>

#include "isthmus/core/error.hpp"
#include "isthmus/io/atomic_file.hpp"
#include "isthmus/io/input.hpp"

namespace isthmus::io {
namespace {

constexpr std::string_view who = "png";

/// libpng reports errors by a long jump, which must not pass over anything with a destructor. So all that has
/// one lives in Reader and Writer, and each function below that calls setjmp holds plain values only and
/// returns false on error.
struct Reader {
  std::span<const std::byte> rest;
  std::string message;
  png_structp png = nullptr;
  png_infop info = nullptr;
  std::vector<png_byte> samples;
  std::vector<png_bytep> rows;

  ~Reader() { png_destroy_read_struct(&png, &info, nullptr); }
};

struct Writer {
  std::vector<std::byte> bytes;
  std::string message;
  png_structp png = nullptr;
  png_infop info = nullptr;

  ~Writer() { png_destroy_write_struct(&png, &info); }
};

template <class Owner>
void keep_message(png_structp png, png_const_charp message) {
  static_cast<Owner*>(png_get_error_ptr(png))->message = message;
  png_longjmp(png, 1);
}

void ignore_warning(png_structp, png_const_charp) {}

void take_bytes(png_structp png, png_bytep into, size_t count) {
  auto& rest = static_cast<Reader*>(png_get_io_ptr(png))->rest;
  if (count > rest.size()) png_error(png, "the end of the file: it is truncated");
  std::memcpy(into, rest.data(), count);
  rest = rest.subspan(count);
}

// NOLINTNEXTLINE(readability-non-const-parameter): libpng's own type
void put_bytes(png_structp png, png_bytep from, size_t count) {
  auto& bytes = static_cast<Writer*>(png_get_io_ptr(png))->bytes;
  bool full = false;
  try {
    const auto* const begin = reinterpret_cast<const std::byte*>(from);
    bytes.insert(bytes.end(), begin, begin + count);
  } catch (const std::bad_alloc&) {
    full = true;
  }
  if (full) png_error(png, "no memory left");
}

void flush_nothing(png_structp) {}

bool read_header(Reader& reader) {
  png_struct* const png = reader.png;
  if (setjmp(png_jmpbuf(png)) != 0) return false;
  png_set_read_fn(png, &reader, take_bytes);
  png_read_info(png, reader.info);
  png_set_expand(png);  // palettes, 1, 2 and 4 bits, transparent colours
  png_set_scale_16(png);
  png_set_interlace_handling(png);
  png_read_update_info(png, reader.info);
  return true;
}

bool read_rows(Reader& reader) {
  if (setjmp(png_jmpbuf(reader.png)) != 0) return false;
  png_read_image(reader.png, reader.rows.data());
  png_read_end(reader.png, nullptr);
  return true;
}

bool write_all(Writer& writer, const Image& image) {
  png_struct* const png = writer.png;
  if (setjmp(png_jmpbuf(png)) != 0) return false;
  constexpr int bit_depth = 8;
  png_set_write_fn(png, &writer, put_bytes, flush_nothing);
  png_set_IHDR(png, writer.info, static_cast<png_uint_32>(image.width),
               static_cast<png_uint_32>(image.height), bit_depth,
               image.channels == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_write_info(png, writer.info);
  const auto row_size = static_cast<size_t>(image.width * image.channels);
  for (size_t row = 0; row < static_cast<size_t>(image.height); ++row)
    png_write_row(png, image.pixels.data() + row * row_size);
  png_write_end(png, nullptr);
  return true;
}

[[noreturn]] void refuse(std::string_view name, const std::string& got) {
  throw Error({.who = who,
               .expected = fmt::format("a PNG image in '{}'", name),
               .got = got,
               .hint = "fetching or writing it again"});
}

/// Lays the samples, whose last channel is opacity, over white.
std::vector<uint8_t> over_white(std::span<const uint8_t> samples, size_t channels) {
  std::vector<uint8_t> pixels;
  pixels.reserve(samples.size() / (channels + 1) * channels);
  for (size_t at = 0; at < samples.size(); at += channels + 1) {
    const unsigned opacity = samples[at + channels];
    for (size_t c = 0; c < channels; ++c)
      pixels.push_back(static_cast<uint8_t>((samples[at + c] * opacity + 255 * (255 - opacity) + 127) / 255));
  }
  return pixels;
}

}  // namespace

Image decode_png(std::span<const std::byte> bytes, std::string_view name) {
  Reader reader{.rest = bytes, .message = {}, .samples = {}, .rows = {}};
  reader.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &reader, keep_message<Reader>, ignore_warning);
  if (reader.png != nullptr) reader.info = png_create_info_struct(reader.png);
  if (reader.info == nullptr) throw std::bad_alloc();
  if (!read_header(reader)) refuse(name, reader.message);

  const size_t height = png_get_image_height(reader.png, reader.info);
  const size_t width = png_get_image_width(reader.png, reader.info);
  const size_t samples_a_pixel = png_get_channels(reader.png, reader.info);
  const size_t row_size = png_get_rowbytes(reader.png, reader.info);
  // Deflate shrinks 1032-fold at best, and a pixel of 1 bit may expand to 4 bytes: more than that is a lie.
  constexpr size_t best_ratio = 1032 * 32;
  if (height * row_size / best_ratio > bytes.size()) {
    refuse(name, fmt::format("{} bytes for {}x{} pixels: it is truncated, or its header is damaged",
                             bytes.size(), height, width));
  }
  reader.samples.resize(height * row_size);
  reader.rows.resize(height);
  for (size_t row = 0; row < height; ++row) reader.rows[row] = reader.samples.data() + row * row_size;
  if (!read_rows(reader)) refuse(name, reader.message);

  const bool has_opacity = samples_a_pixel % 2 == 0;
  const size_t channels = has_opacity ? samples_a_pixel - 1 : samples_a_pixel;
  return {static_cast<int64_t>(height), static_cast<int64_t>(width), static_cast<int64_t>(channels),
          has_opacity ? over_white(reader.samples, channels) : std::move(reader.samples)};
}

Image read_png(const std::filesystem::path& path) {
  return decode_png(read_whole(path), path.string());
}

std::vector<std::byte> encode_png(const Image& image) {
  constexpr int64_t longest = 1'000'000;  // libpng's own limit
  const bool sound = image.height > 0 && image.width > 0 && image.height <= longest &&
                     image.width <= longest && (image.channels == 1 || image.channels == 3) &&
                     static_cast<int64_t>(image.pixels.size()) == image.height * image.width * image.channels;
  if (!sound) {
    throw Error({.who = who,
                 .expected = "an image of 1 or 3 channels with all of its pixels, 1 to 1000000 a side",
                 .got = fmt::format("{}x{}x{} with {} samples", image.height, image.width, image.channels,
                                    image.pixels.size())});
  }
  Writer writer;
  writer.png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &writer, keep_message<Writer>, ignore_warning);
  if (writer.png != nullptr) writer.info = png_create_info_struct(writer.png);
  if (writer.info == nullptr) throw std::bad_alloc();
  if (!write_all(writer, image))
    throw Error({.who = who, .expected = "to encode an image", .got = writer.message});
  return std::move(writer.bytes);
}

void write_png(const std::filesystem::path& path, const Image& image) {
  write_whole(path, encode_png(image));
}

}  // namespace isthmus::io
