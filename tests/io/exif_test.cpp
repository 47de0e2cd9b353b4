#include "isthmus/io/exif.hpp"

#include <string>

#include <gtest/gtest.h>

#include "isthmus/io/bytes.hpp"

namespace isthmus::io {
namespace {

using namespace std::string_literals;

/// Exif data of one entry, the orientation.
const std::string little = "Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0"s;
const std::string big = "Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0"s;

TEST(Exif, SaysHowTheCameraWasHeldInEitherByteOrder) {
  EXPECT_EQ(orientation_of(as_bytes(little)), 6);
  EXPECT_EQ(orientation_of(as_bytes(big)), 6);
}

TEST(Exif, DamagedOrOtherDataSayNothing) {
  for (const std::string& whole : {little, big})
    for (size_t size = 0; size + 2 < whole.size(); ++size)
      EXPECT_EQ(orientation_of(as_bytes(whole.substr(0, size))), 1) << size;
  std::string beyond = little;
  beyond[10] = '\x70';  // the directory lies outside
  EXPECT_EQ(orientation_of(as_bytes(beyond)), 1);
  std::string wrong = little;
  wrong[24] = '\x09';
  EXPECT_EQ(orientation_of(as_bytes(wrong)), 1);
  EXPECT_EQ(orientation_of(as_bytes("http://ns.adobe.com/xap/1.0/"s)), 1);
}

TEST(Exif, TurnsAndMirrors) {
  const Image image{.height = 1, .width = 2, .channels = 1, .pixels = {1, 2}};
  EXPECT_EQ(upright(image, 1), image);
  EXPECT_EQ(upright(image, 3).pixels, (std::vector<uint8_t>{2, 1}));
  const Image turned = upright(image, 6);
  EXPECT_EQ(turned.height, 2);
  EXPECT_EQ(turned.pixels, (std::vector<uint8_t>{1, 2})) << "the left end is seen on top";
  EXPECT_EQ(upright(image, 8).pixels, (std::vector<uint8_t>{2, 1}));
}

}  // namespace
}  // namespace isthmus::io
