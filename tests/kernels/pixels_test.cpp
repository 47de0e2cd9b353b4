#include "isthmus/kernels/pixels.hpp"

#include <numeric>
#include <vector>

#include <gtest/gtest.h>

#include "isthmus/core/error.hpp"

#include "tests/kernels/targets.hpp"

namespace isthmus::kernels {
namespace {

TEST(GatherPixels, DividesEveryByteByEveryWhiteAsTheLanguageDoes) {
  std::vector<uint8_t> bytes(256);
  std::iota(bytes.begin(), bytes.end(), uint8_t{0});
  on_every_target([&] {
    for (const float white : {1.0F, 16.0F, 100.0F, 255.0F}) {
      std::vector<float> out(256);
      gather_pixels(out, bytes, std::vector<int64_t>{0}, 256, white);
      for (size_t i = 0; i < 256; ++i) EXPECT_EQ(out[i], static_cast<float>(i) / white);
    }
  });
}

TEST(GatherPixels, TakesTheRowsInTheirOrder) {
  on_every_target([] {
    for (const int64_t each : {1, 3, 16, 17, 33, 784}) {
      std::vector<uint8_t> pixels(static_cast<size_t>(40 * each));
      for (size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<uint8_t>(i * 7);
      std::vector<int64_t> rows;
      for (int64_t i = 0; i < 100; ++i) rows.push_back(i * 13 % 40);
      std::vector<float> out(static_cast<size_t>(100 * each));
      for (const int threads : {1, 3}) {
        with_threads(threads, [&] { gather_pixels(out, pixels, rows, each, 255); });
        for (size_t r = 0; r < rows.size(); ++r)
          for (int64_t i = 0; i < each; ++i)
            ASSERT_EQ(out[r * static_cast<size_t>(each) + static_cast<size_t>(i)],
                      static_cast<float>(pixels[static_cast<size_t>(rows[r] * each + i)]) / 255.0F);
      }
    }
  });
}

TEST(GatherPixels, RefusesRowsThatAreNotThereAndTooLittleRoom) {
  const std::vector<uint8_t> pixels(20);
  std::vector<float> out(10);
  EXPECT_THROW(gather_pixels(out, pixels, std::vector<int64_t>{4}, 5, 255), Error);
  EXPECT_THROW(gather_pixels(out, pixels, std::vector<int64_t>{0, 4}, 5, 255), Error);
  EXPECT_THROW(gather_pixels(out, pixels, std::vector<int64_t>{0, -1}, 5, 255), Error);
  EXPECT_THROW(gather_pixels(out, pixels, std::vector<int64_t>{0, 1}, 0, 255), Error);
  gather_pixels({}, pixels, {}, 0, 255);
  gather_pixels({}, pixels, {}, 5, 255);
}

}  // namespace
}  // namespace isthmus::kernels
