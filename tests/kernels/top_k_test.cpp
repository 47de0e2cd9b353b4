#include "isthmus/kernels/top_k.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include <gtest/gtest.h>

#include "isthmus/core/error.hpp"
#include "isthmus/kernels/philox.hpp"

#include "tests/kernels/targets.hpp"

namespace isthmus::kernels {
namespace {

/// By sorting: of equal numbers the first, in ascending places.
std::vector<int32_t> by_sorting(const std::vector<float>& x, int64_t columns, int64_t k) {
  std::vector<int32_t> all;
  for (auto row = x.begin(); row != x.end(); row += columns) {
    std::vector<int32_t> order(static_cast<size_t>(columns));
    std::iota(order.begin(), order.end(), 0);
    std::ranges::stable_sort(order, [&](int32_t a, int32_t b) { return row[a] > row[b]; });
    std::sort(order.begin(), order.begin() + k);
    all.insert(all.end(), order.begin(), order.begin() + k);
  }
  return all;
}

TEST(TopKPlaces, EveryTargetLengthAndKAgreesWithSorting) {
  on_every_target([] {
    for (const int64_t columns : {1, 2, 7, 16, 17, 33, 100, 1000}) {
      for (const int64_t k : {int64_t{1}, (columns + 3) / 4, columns}) {
        std::vector<float> x(static_cast<size_t>(9 * columns));
        fill_normal(x, 9, columns, {.seed = 3}, 0);
        for (size_t i = 0; i < x.size(); i += 3)
          x[i] = std::round(2 * x[i]);  // many equal ones, 0 and -0 too
        std::vector<int32_t> places(static_cast<size_t>(9 * k));
        top_k(places, x, 9, columns, k);
        // The kernel tells -0 from 0; so does this, once they are told apart.
        std::vector<float> ranked = x;
        for (float& number : ranked)
          if (number == 0 && std::signbit(number)) number = -std::numeric_limits<float>::denorm_min();
        EXPECT_EQ(places, by_sorting(ranked, columns, k)) << columns << " " << k;
      }
    }
  });
}

TEST(TopKPlaces, TakesTheFirstOfEqualOnesAndCountsNaNAsLargest) {
  constexpr float inf = std::numeric_limits<float>::infinity();
  constexpr float nan = std::numeric_limits<float>::quiet_NaN();
  on_every_target([] {
    const std::vector<float> x{1, 1, 1, 1, 1, -inf, 0, inf, nan, -nan};
    std::vector<int32_t> places(4);
    top_k(places, x, 1, 10, 4);
    EXPECT_EQ(places, (std::vector<int32_t>{0, 7, 8, 9}));
    const std::vector<float> low(20, -inf);
    top_k(places, low, 2, 10, 2);
    EXPECT_EQ(places, (std::vector<int32_t>{0, 1, 0, 1}));
  });
}

TEST(KeepPlaces, LeavesNoughtElsewhere) {
  std::vector<float> out(6, 9);
  keep_places(out, std::vector<float>{1, 2, 3, 4, 5, 6}, std::vector<int32_t>{0, 2, 1, 2}, 2, 3);
  EXPECT_EQ(out, (std::vector<float>{1, 0, 3, 0, 5, 6}));
}

TEST(KeepPlaces, RefusesSizesThatDisagree) {
  std::vector<float> out(6);
  const std::vector<float> x(6);
  const std::vector<int32_t> places(4);
  EXPECT_NO_THROW(keep_places(out, x, places, 2, 3));
  EXPECT_THROW(keep_places(out, x, places, 3, 3), Error);
  EXPECT_THROW(keep_places(std::span(out).first(3), x, places, 2, 3), Error);
  EXPECT_THROW(keep_places(out, x, std::vector<int32_t>(8), 2, 3), Error) << "more places than columns";
}

TEST(TopKPlaces, RefusesSizesThatDisagree) {
  std::vector<int32_t> places(4);
  const std::vector<float> x(6);
  EXPECT_THROW(top_k(places, x, 2, 3, 4), Error);
  EXPECT_THROW(top_k(places, x, 2, 3, 0), Error);
  EXPECT_THROW(top_k(places, x, 3, 3, 1), Error);
  EXPECT_THROW(top_k(places, x, 2, 3, 1), Error);
}

}  // namespace
}  // namespace isthmus::kernels
