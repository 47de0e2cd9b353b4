#include "isthmus/kernels/rows.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "isthmus/core/error.hpp"
#include "isthmus/kernels/philox.hpp"

#include "tests/kernels/targets.hpp"

namespace isthmus::kernels {
namespace {

constexpr float inf = std::numeric_limits<float>::infinity();
constexpr float nan = std::numeric_limits<float>::quiet_NaN();

/// Log weights: far from 0, spread out, every seventh of them impossible.
std::vector<float> log_weights(int64_t rows, int64_t columns, float scale) {
  std::vector<float> out(static_cast<size_t>(rows * columns));
  fill_normal(out, rows, columns, {.seed = 8}, 0);
  for (size_t i = 0; i < out.size(); ++i) out[i] = i % 7 == 3 ? -inf : -90 + scale * out[i];
  return out;
}

TEST(Rows, EveryLengthAgreesWithDouble) {
  std::vector<int64_t> lengths{784, 1000, 5000};
  for (int64_t n = 1; n <= 67; ++n) lengths.push_back(n);
  on_every_target([&] {
    for (const int64_t n : lengths) {
      for (const float scale : {0.1f, 4.0f, 60.0f}) {
        const auto x = log_weights(3, n, scale);
        std::vector<double> sums(3);
        std::vector<float> p(x.size());
        log_sum_exp(sums, x, 3, n);
        softmax(p, x, 3, n);
        for (size_t r = 0; r < 3; ++r) {
          const float* row = &x[r * static_cast<size_t>(n)];
          const float* q = &p[r * static_cast<size_t>(n)];
          const double largest = *std::max_element(row, row + n);
          if (largest == -inf) continue;  // below
          double sum = 0, mass = 0;
          for (int64_t c = 0; c < n; ++c) sum += std::exp(row[c] - largest);
          ASSERT_NEAR(sums[r], largest + std::log(sum), 1e-7);
          for (int64_t c = 0; c < n; ++c) {
            const double expected = std::exp(row[c] - largest) / sum;
            ASSERT_NEAR(q[c], expected, 4e-7 * expected + 1e-12);
            if (row[c] == -inf) {
              ASSERT_EQ(q[c], 0.0f);
            }
            mass += q[c];
          }
          ASSERT_NEAR(mass, 1, 2e-7);
        }
        auto in_place = x;
        softmax(in_place, in_place, 3, n);
        for (size_t i = 0; i < p.size(); ++i)
          ASSERT_TRUE(in_place[i] == p[i] || (p[i] != p[i] && in_place[i] != in_place[i]));
      }
    }
  });
}

TEST(Rows, InfinitiesAndNanAreExact) {
  on_every_target([] {
    for (const size_t n : {1u, 3u, 8u, 16u, 37u}) {
      std::vector<double> out(1);
      std::vector<float> x(n, -inf), p(n);
      const auto sum = [&] {
        log_sum_exp(out, x, 1, static_cast<int64_t>(n));
        softmax(p, x, 1, static_cast<int64_t>(n));
        return out[0];
      };
      EXPECT_EQ(sum(), -inf);
      EXPECT_TRUE(std::isnan(p[0]));
      x[n - 1] = -1234.5f;
      EXPECT_EQ(sum(), -1234.5);
      EXPECT_EQ(p[n - 1], 1.0f);
      if (n > 1) {
        EXPECT_EQ(p[0], 0.0f);
      }
      x[n / 2] = inf;
      EXPECT_EQ(sum(), inf);
      x[n / 2] = nan;
      EXPECT_TRUE(std::isnan(sum()));
      EXPECT_TRUE(std::isnan(p[0]));
    }
    std::vector<double> out(2);
    log_sum_exp(out, {}, 2, 0);
    EXPECT_EQ(out, (std::vector<double>{-inf, -inf}));
  });
}

TEST(Rows, ThreadsDoNotChangeABit) {
  const auto x = log_weights(100, 999, 3);
  std::vector<double> one(100), many(100);
  std::vector<float> p_one(x.size()), p_many(x.size());
  with_threads(1, [&] { log_sum_exp(one, x, 100, 999), softmax(p_one, x, 100, 999); });
  with_threads(3, [&] { log_sum_exp(many, x, 100, 999), softmax(p_many, x, 100, 999); });
  EXPECT_EQ(one, many);
  EXPECT_EQ(p_one, p_many);
}

TEST(Rows, RefuseSizesThatDisagree) {
  std::vector<double> out(3);
  std::vector<float> x(12);
  EXPECT_THROW(log_sum_exp(out, x, 3, 5), Error);
  EXPECT_THROW(log_sum_exp(out, x, 4, 3), Error);
  EXPECT_THROW(softmax(std::span(x).first(11), x, 3, 4), Error);
}

}  // namespace
}  // namespace isthmus::kernels
