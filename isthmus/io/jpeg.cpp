#include "isthmus/io/jpeg.hpp"

#include <array>
#include <csetjmp>
#include <cstdio>  // jpeglib.h needs it first
#include <string>

#include <fmt/format.h>
#include <jerror.h>
#include <jpeglib.h>

#include "isthmus/core/error.hpp"
#include "isthmus/io/exif.hpp"
#include "isthmus/io/input.hpp"

namespace isthmus::io {
namespace {

constexpr int exif_marker = JPEG_APP0 + 1;

/// libjpeg reports errors by a call that must not return. As in png.cpp we jump, so functions that call
/// setjmp hold plain values only; what has a destructor lives here.
struct Reader {
  jpeg_error_mgr handlers{};  // first, so that libjpeg's pointer to it is a pointer to the Reader
  std::jmp_buf on_error{};
  std::array<char, JMSG_LENGTH_MAX> message{};
  jpeg_decompress_struct jpeg{};
  std::vector<uint8_t> pixels;

  Reader() {
    jpeg.err = jpeg_std_error(&handlers);
    handlers.error_exit = [](j_common_ptr common) { jump(common); };
    // Where data ends too early libjpeg only warns and paints the rest grey: for a data set that is an error.
    handlers.emit_message = [](j_common_ptr common, int) {
      const int code = common->err->msg_code;
      if (code == JWRN_JPEG_EOF || code == JWRN_HIT_MARKER) jump(common);
    };
  }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  ~Reader() { jpeg_destroy_decompress(&jpeg); }

 private:
  [[noreturn]] static void jump(j_common_ptr common) {
    auto* const reader = reinterpret_cast<Reader*>(common->err);
    common->err->format_message(common, reader->message.data());
    std::longjmp(reader->on_error, 1);
  }
};

bool read_header(Reader& reader, std::span<const std::byte> bytes) {
  if (setjmp(reader.on_error) != 0) return false;
  jpeg_create_decompress(&reader.jpeg);
  jpeg_mem_src(&reader.jpeg, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  jpeg_save_markers(&reader.jpeg, exif_marker, 0xffff);
  jpeg_read_header(&reader.jpeg, TRUE);
  if (reader.jpeg.jpeg_color_space != JCS_GRAYSCALE) reader.jpeg.out_color_space = JCS_RGB;
  jpeg_calc_output_dimensions(&reader.jpeg);
  return true;
}

bool read_rows(Reader& reader) {
  if (setjmp(reader.on_error) != 0) return false;
  jpeg_start_decompress(&reader.jpeg);
  const size_t row_size =
      size_t{reader.jpeg.output_width} * static_cast<size_t>(reader.jpeg.output_components);
  while (reader.jpeg.output_scanline < reader.jpeg.output_height) {
    JSAMPROW row = reader.pixels.data() + reader.jpeg.output_scanline * row_size;
    jpeg_read_scanlines(&reader.jpeg, &row, 1);
  }
  jpeg_finish_decompress(&reader.jpeg);
  return true;
}

[[noreturn]] void refuse(std::string_view name, std::string got, std::string hint = "fetching it again") {
  throw Error({.who = "jpeg",
               .expected = fmt::format("a JPEG image in '{}'", name),
               .got = std::move(got),
               .hint = std::move(hint)});
}

}  // namespace

Image decode_jpeg(std::span<const std::byte> bytes, std::string_view name) {
  Reader reader;
  if (!read_header(reader, bytes)) refuse(name, reader.message.data());
  const jpeg_decompress_struct& jpeg = reader.jpeg;
  if (jpeg.jpeg_color_space == JCS_CMYK || jpeg.jpeg_color_space == JCS_YCCK)
    refuse(name, "one in four inks (CMYK)", "converting it to RGB");
  const size_t samples =
      size_t{jpeg.output_width} * jpeg.output_height * static_cast<size_t>(jpeg.output_components);
  // A block of 8x8 takes a bit at least (progressive, flat), times four for halved colours: more is a lie.
  constexpr size_t best_ratio = 4096;
  if (samples / best_ratio > bytes.size()) {
    refuse(name, fmt::format("{} bytes for {}x{} pixels: it is truncated, or its header is damaged",
                             bytes.size(), jpeg.output_height, jpeg.output_width));
  }
  int orientation = 1;  // read now: libjpeg forgets its markers with the last row
  for (const jpeg_marker_struct* marker = jpeg.marker_list; marker != nullptr; marker = marker->next)
    if (marker->marker == exif_marker && orientation == 1)
      orientation = orientation_of(std::as_bytes(std::span(marker->data, marker->data_length)));
  reader.pixels.resize(samples);
  if (!read_rows(reader)) refuse(name, reader.message.data());
  return upright({static_cast<int64_t>(jpeg.output_height), static_cast<int64_t>(jpeg.output_width),
                  static_cast<int64_t>(jpeg.output_components), std::move(reader.pixels)},
                 orientation);
}

Image read_jpeg(const std::filesystem::path& path) {
  return decode_jpeg(read_whole(path), path.string());
}

}  // namespace isthmus::io
