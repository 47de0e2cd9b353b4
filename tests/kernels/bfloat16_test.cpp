#include "isthmus/kernels/bfloat16.hpp"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "isthmus/core/error.hpp"
#include "isthmus/kernels/philox.hpp"

#include "tests/kernels/targets.hpp"

namespace isthmus::kernels {
namespace {

TEST(Bfloat16, IsTheNearestAndOfTwoEquallyNearTheEven) {
  EXPECT_EQ(to_bfloat16(1.0F), 0x3F80);
  EXPECT_EQ(to_bfloat16(-2.0F), 0xC000);
  const auto at = [](uint32_t bits) { return to_bfloat16(std::bit_cast<float>(bits)); };
  EXPECT_EQ(at(0x3F807FFF), 0x3F80) << "below the middle";
  EXPECT_EQ(at(0x3F808001), 0x3F81) << "above the middle";
  EXPECT_EQ(at(0x3F808000), 0x3F80) << "the middle, to even";
  EXPECT_EQ(at(0x3F818000), 0x3F82) << "the middle, to even";
  EXPECT_EQ(at(0x7F7FFFFF), 0x7F80) << "the largest float is nearer to infinity";
  EXPECT_EQ(at(0x80000000), 0x8000) << "-0";
  EXPECT_EQ(to_float(0x3F81), 1.0078125F);
}

TEST(Bfloat16, KeepsInfinityAndNaN) {
  constexpr float inf = std::numeric_limits<float>::infinity();
  EXPECT_EQ(to_float(to_bfloat16(inf)), inf);
  EXPECT_EQ(to_float(to_bfloat16(-inf)), -inf);
  for (const uint32_t bits : {0x7FC00000U, 0x7F800001U, 0x7FFFFFFFU, 0xFFFFFFFFU})
    EXPECT_TRUE(std::isnan(to_float(to_bfloat16(std::bit_cast<float>(bits))))) << bits;
}

TEST(Bfloat16, EveryTargetAndLengthRoundsAlike) {
  on_every_target([] {
    for (const size_t n : {0, 1, 3, 7, 8, 15, 16, 17, 31, 33, 67, 1000, 40001}) {
      std::vector<float> x(n);
      fill_normal(x, 1, static_cast<int64_t>(n), {.seed = 1}, 0);
      if (n > 20) {
        x[3] = std::bit_cast<float>(0x7FFFFFFFU);
        x[4] = std::numeric_limits<float>::infinity();
        x[5] = std::bit_cast<float>(0x3F808000U);
        x[6] = std::bit_cast<float>(0x3F818000U);
        x[7] = -0.0F;
      }
      std::vector<Bfloat16> out(n);
      round_to_bfloat16(out, x);
      for (size_t i = 0; i < n; ++i) EXPECT_EQ(out[i], to_bfloat16(x[i])) << i << " of " << n;
    }
  });
}

TEST(Bfloat16, RefusesUnequalLengths) {
  std::vector<Bfloat16> three(3);
  EXPECT_THROW(round_to_bfloat16(three, std::vector<float>(4)), Error);
}

}  // namespace
}  // namespace isthmus::kernels
