#include <algorithm>
#include <numeric>
#include <vector>

#include <gtest/gtest.h>

#include "isthmus/core/error.hpp"
#include "isthmus/kernels/philox.hpp"

namespace isthmus::kernels {
namespace {

TEST(Permutation, HoldsEveryIndexOnce) {
  for (const int64_t n : {0, 1, 2, 3, 17, 1000, 60000}) {
    auto order = permutation(n, {.seed = 3});
    std::sort(order.begin(), order.end());
    std::vector<int64_t> all(static_cast<size_t>(n));
    std::iota(all.begin(), all.end(), int64_t{0});
    EXPECT_EQ(order, all);
  }
}

TEST(Permutation, ChangesWithTheKeyAndOnlyWithIt) {
  const NoiseKey key{.seed = 3, .stream = 1, .step = 9};
  EXPECT_EQ(permutation(1000, key), permutation(1000, key));
  EXPECT_NE(permutation(1000, key), permutation(1000, {.seed = 3, .stream = 1, .step = 10}));
  EXPECT_NE(permutation(1000, key), permutation(1000, {.seed = 3, .stream = 2, .step = 9}));
  EXPECT_NE(permutation(1000, key), permutation(1000, {.seed = 4, .stream = 1, .step = 9}));
}

TEST(Permutation, EveryElementIsEquallyLikelyInEveryPlace) {
  constexpr size_t n = 12, draws = 24000;
  std::vector<double> count(n * n);
  for (uint32_t step = 0; step < draws; ++step) {
    const auto order = permutation(n, {.seed = 11, .step = step});
    for (size_t place = 0; place < n; ++place) count[place * n + static_cast<size_t>(order[place])] += 1;
  }
  const double mean = static_cast<double>(draws) / n;
  for (size_t place = 0; place < n; ++place) {
    double chi_square = 0;
    for (size_t i = 0; i < n; ++i)
      chi_square += (count[place * n + i] - mean) * (count[place * n + i] - mean) / mean;
    EXPECT_LT(chi_square, 35) << "place " << place;  // 11 degrees of freedom: passed by 99.97 %
  }
}

TEST(Permutation, RefusesWhatCannotBeOrdered) {
  EXPECT_THROW(permutation(-1, {}), Error);
  EXPECT_THROW(permutation(int64_t{1} << 32, {}), Error);
}

}  // namespace
}  // namespace isthmus::kernels
