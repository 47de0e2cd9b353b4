#include "isthmus/io/jpeg.hpp"

#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "isthmus/io/bytes.hpp"
#include "isthmus/io/input.hpp"

#include "tests/io/samples.hpp"
#include "tests/support/errors.hpp"
#include "tests/support/python.hpp"
#include "tests/support/temporary_folder.hpp"

namespace isthmus::io {
namespace {

using test::expect_error;
using test::TemporaryFolder;

/// Pillow's JPEGs of smooth pictures, with the pixels that Pillow reads from them.
class Jpeg : public testing::Test {
 protected:
  void SetUp() override {
    test::run_python(R"(
import sys
import numpy as np
from PIL import Image
folder = sys.argv[1]
y, x = np.mgrid[:21, :37]
grey = np.uint8(128 + 60 * np.sin(x / 5) + 60 * np.cos(y / 4))
colour = np.stack([grey, grey.T[:21, :21].repeat(2, 1)[:, :37], 255 - grey], 2)
for name, pixels, options in (('grey', grey, {}), ('colour', colour, {}), ('progressive', colour, dict(progressive=True)),
                              ('full', colour, dict(subsampling=0, quality=100))):
    Image.fromarray(pixels).save(f'{folder}/{name}.jpg', **options)
    np.asarray(Image.open(f'{folder}/{name}.jpg')).tofile(f'{folder}/{name}.raw')
from PIL import ImageOps
for held in range(1, 9):
    exif = Image.Exif()
    exif[0x0112] = held
    Image.fromarray(colour).save(f'{folder}/held{held}.jpg', exif=exif, subsampling=0, quality=100)
    seen = np.asarray(ImageOps.exif_transpose(Image.open(f'{folder}/held{held}.jpg')))
    seen.tofile(f'{folder}/held{held}.raw')
Image.fromarray(colour).convert('CMYK').save(folder + '/cmyk.jpg')
Image.fromarray(np.full((4000, 4000), 128, 'u1')).save(folder + '/flat.jpg', progressive=True)
)",
                     {folder.string()});
  }

  const TemporaryFolder folder;
};

TEST_F(Jpeg, StandsUprightHoweverTheCameraWasHeld) {
  for (int held = 1; held <= 8; ++held) {
    const Image image = read_jpeg(folder / fmt::format("held{}.jpg", held));
    EXPECT_EQ(image.height, held < 5 ? 21 : 37) << held;
    EXPECT_EQ(image.width, held < 5 ? 37 : 21) << held;
    const auto expected = read_whole(folder / fmt::format("held{}.raw", held));
    ASSERT_EQ(image.pixels.size(), expected.size());
    for (size_t i = 0; i < expected.size(); ++i)
      ASSERT_NEAR(image.pixels[i], static_cast<int>(expected[i]), 4) << held << " at " << i;
  }
}

TEST_F(Jpeg, ReadsWhatPillowReads) {
  for (const std::string name : {"grey", "colour", "progressive", "full"}) {
    const Image image = read_jpeg(folder / (name + ".jpg"));
    EXPECT_EQ(image.height, 21);
    EXPECT_EQ(image.width, 37);
    EXPECT_EQ(image.channels, name == "grey" ? 1 : 3);
    const auto expected = read_whole(folder / (name + ".raw"));
    ASSERT_EQ(image.pixels.size(), expected.size());
    // Decoders may differ in the last bits: Pillow brings a libjpeg of its own.
    for (size_t i = 0; i < expected.size(); ++i)
      ASSERT_NEAR(image.pixels[i], static_cast<int>(expected[i]), 4) << name << " at " << i;
    EXPECT_EQ(read_image(folder / (name + ".jpg")), image);
  }
}

TEST_F(Jpeg, ReadsTheFlattestPicture) {
  EXPECT_EQ(read_jpeg(folder / "flat.jpg").height, 4000);
}

TEST_F(Jpeg, RefusesDamage) {
  for (const std::string name : {"grey.jpg", "progressive.jpg"}) {
    const std::vector<std::byte> bytes = read_whole(folder / name);
    test::expect_truncations_refused(bytes, [](auto part) { decode_jpeg(part); });
    test::expect_damage_survived(bytes, [](const auto& damaged) { decode_jpeg(damaged); });
  }
}

TEST_F(Jpeg, SaysWhatIsWrong) {
  expect_error("Not a JPEG file", [] { decode_jpeg(as_bytes("neither fish nor flesh")); });
  expect_error("converting it to RGB", [&] { read_jpeg(folder / "cmyk.jpg"); });
  std::vector<std::byte> bytes = read_whole(folder / "grey.jpg");
  expect_error("Premature end", [&] { decode_jpeg(std::span(bytes).first(bytes.size() / 2 + 100)); });
  const size_t frame = as_text(bytes).find("\xff\xc0");
  ASSERT_NE(frame, std::string_view::npos);
  for (size_t i = 5; i < 9; ++i) bytes[frame + i] = std::byte{0xf0};
  expect_error("for 61680x61680 pixels", [&] { decode_jpeg(bytes); });
}

}  // namespace
}  // namespace isthmus::io
