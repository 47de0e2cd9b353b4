#include "isthmus/io/png.hpp"

#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "isthmus/io/atomic_file.hpp"
#include "isthmus/io/bytes.hpp"

#include "tests/io/samples.hpp"
#include "tests/support/errors.hpp"
#include "tests/support/python.hpp"
#include "tests/support/temporary_folder.hpp"

namespace isthmus::io {
namespace {

using test::expect_error;
using test::TemporaryFolder;

/// Sample i is 7 i modulo 101.
Image picture(int64_t height, int64_t width, int64_t channels) {
  Image image{height, width, channels, std::vector<uint8_t>(static_cast<size_t>(height * width * channels))};
  for (size_t i = 0; i < image.pixels.size(); ++i) image.pixels[i] = static_cast<uint8_t>(7 * i % 101);
  return image;
}

TEST(Png, RoundTrips) {
  const TemporaryFolder folder;
  for (const int64_t channels : {1, 3}) {
    for (const auto& [height, width] : {std::pair{1, 1}, {1, 9}, {9, 1}, {5, 7}, {64, 64}, {130, 257}}) {
      const Image image = picture(height, width, channels);
      EXPECT_EQ(decode_png(encode_png(image)), image);
      write_png(folder / "a.png", image);
      EXPECT_EQ(read_png(folder / "a.png"), image);
      EXPECT_EQ(read_image(folder / "a.png"), image);
    }
  }
}

TEST(Png, PillowReadsIt) {
  const TemporaryFolder folder;
  write_png(folder / "grey.png", picture(5, 7, 1));
  write_png(folder / "colour.png", picture(5, 7, 3));
  test::run_python(R"(
import sys
import numpy as np
from PIL import Image
for name, mode, shape in (('grey', 'L', (5, 7)), ('colour', 'RGB', (5, 7, 3))):
    image = Image.open(f'{sys.argv[1]}/{name}.png')
    assert image.mode == mode
    assert (np.asarray(image) == (7 * np.arange(np.prod(shape)) % 101).reshape(shape)).all()
)",
                   {folder.string()});
}

TEST(Png, ReadsWhatPillowWrites) {
  const TemporaryFolder folder;
  // Each picture beside the plain pixels that it must turn into.
  const std::string count = test::run_python(R"(
import struct, sys, zlib
import numpy as np
from PIL import Image
folder = sys.argv[1]
total = 0
def pair(image, pixels, **options):
    global total
    if isinstance(image, bytes): open(f'{folder}/{total}.png', 'wb').write(image)
    else: image.save(f'{folder}/{total}.png', **options)
    np.asarray(pixels, 'u1').tofile(f'{folder}/{total}.raw')
    total += 1
def chunk(name, data): return struct.pack('>I', len(data)) + name + data + struct.pack('>I', zlib.crc32(name + data))
def png(width, height, depth, colour, rows, interlaced=0, extra=b''):
    return (b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', struct.pack('>2I5B', width, height, depth, colour, 0, 0, interlaced)) +
            extra + chunk(b'IDAT', zlib.compress(rows)) + chunk(b'IEND', b''))
random = np.random.default_rng(1)
grey = random.integers(0, 256, (13, 11), 'u1')
colour = random.integers(0, 256, (13, 11, 3), 'u1')
opacity = random.integers(0, 256, (13, 11, 1), 'u1')
over_white = lambda c, a: (c.astype(int) * a + 255 * (255 - a.astype(int)) + 127) // 255
pair(Image.fromarray(grey), grey)
pair(Image.fromarray(colour), colour, optimize=True)
pair(Image.fromarray(np.concatenate([colour, opacity], 2)), over_white(colour, opacity))
pair(Image.fromarray(np.concatenate([grey[..., None], opacity], 2), 'LA'), over_white(grey[..., None], opacity))
pair(Image.fromarray(grey > 128), np.where(grey > 128, 255, 0))
palette = Image.fromarray(colour).quantize(16)
pair(palette, np.asarray(palette.convert('RGB')))
deep = random.integers(0, 65536, (13, 11)).astype('u2')
pair(Image.fromarray(deep), np.round(deep / 257))
# Four bits of grey, where 15 is declared transparent; Adam7 of a 1x3 picture: passes 1, 6 and 6.
pair(png(2, 1, 4, 0, b'\0\x3f', extra=chunk(b'tRNS', b'\0\x0f')), [3 * 17, 255])
pair(png(3, 1, 8, 0, b'\0\x0a' + b'\0\x1e' + b'\0\x14', interlaced=1), [10, 20, 30])
print(total)
)",
                                             {folder.string()});
  ASSERT_EQ(std::stoi(count), 9);
  for (int i = 0; i < 9; ++i) {
    const Image image = read_png(folder / fmt::format("{}.png", i));
    const auto pixels = read_whole(folder / fmt::format("{}.raw", i));
    EXPECT_EQ(as_text(std::as_bytes(std::span(image.pixels))), as_text(pixels)) << "picture " << i;
    EXPECT_EQ(static_cast<size_t>(image.height * image.width * image.channels), pixels.size())
        << "picture " << i;
  }
}

TEST(Png, RefusesDamage) {
  const std::vector<std::byte> bytes = encode_png(picture(5, 7, 3));
  test::expect_truncations_refused(bytes, [](auto part) { decode_png(part); });
  test::expect_damage_survived(bytes, [](const auto& damaged) { decode_png(damaged); });
}

TEST(Png, SaysWhatIsWrong) {
  const TemporaryFolder folder;
  expect_error("[png] expected a PNG image in 'memory', got Not a PNG file",
               [] { decode_png(as_bytes("neither fish nor flesh")); });
  std::vector<std::byte> bytes = encode_png(picture(5, 7, 3));
  expect_error("truncated", [&] { decode_png(std::span(bytes).first(50)); });
  bytes[bytes.size() - 14] ^= std::byte{1};
  expect_error("CRC error", [&] { decode_png(bytes); });
  expect_error("1 or 3 channels", [] { encode_png(picture(5, 7, 2)); });
  expect_error("got 0x7x1", [] { encode_png(picture(0, 7, 1)); });
  expect_error("with 34 samples", [] {
    Image image = picture(5, 7, 1);
    image.pixels.pop_back();
    encode_png(image);
  });
  write_whole(folder / "text", "neither fish nor flesh");
  expect_error("a PNG or JPEG file", [&] { read_image(folder / "text"); });
  expect_error("Not a directory", [&] { write_png(folder / "text" / "a.png", picture(5, 7, 1)); });
}

TEST(Png, RefusesLyingHeaders) {
  const TemporaryFolder folder;
  test::run_python(R"(
import struct, sys, zlib
def chunk(name, data): return struct.pack('>I', len(data)) + name + data + struct.pack('>I', zlib.crc32(name + data))
open(sys.argv[1] + '/liar.png', 'wb').write(
    b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', struct.pack('>2I5B', 900000, 900000, 8, 6, 0, 0, 0)) +
    chunk(b'IDAT', zlib.compress(b'')) + chunk(b'IEND', b''))
)",
                   {folder.string()});
  expect_error("for 900000x900000 pixels", [&] { read_png(folder / "liar.png"); });
}

}  // namespace
}  // namespace isthmus::io
