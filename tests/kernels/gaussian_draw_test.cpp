#include "isthmus/kernels/gaussian_draw.hpp"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "isthmus/core/error.hpp"
#include "isthmus/kernels/philox.hpp"

#include "tests/kernels/targets.hpp"

namespace isthmus::kernels {
namespace {

std::vector<float> normal(int64_t count, uint32_t stream) {
  std::vector<float> out(static_cast<size_t>(count));
  fill_normal(out, 1, count, {.seed = 8, .stream = stream}, 0);
  return out;
}

std::vector<int64_t> lengths() {
  std::vector<int64_t> all{200};
  for (int64_t n = 1; n <= 67; ++n) all.push_back(n);
  return all;
}

constexpr int64_t rows = 3;
constexpr double close = 3e-6;  // of numbers of a usual size

TEST(GaussianDraw, OneDrawAndItsKlAgreeWithDoubleAtEveryLength) {
  on_every_target([&] {
    for (const int64_t n : lengths()) {
      const auto p = normal(2 * rows * n, 0), e = normal(rows * n, 1), dz = normal(rows * n, 2),
                 dkl = normal(rows, 3);
      std::vector<float> z(e.size()), kl(static_cast<size_t>(rows)), dp(p.size());
      gaussian_draw_and_kl(z, kl, p, e, rows, n);
      gaussian_draw_and_kl_backward(dp, dz, dkl, p, z, rows, n);
      for (int64_t r = 0; r < rows; ++r) {
        double sum = 0;
        for (int64_t c = 0; c < n; ++c) {
          const auto i = static_cast<size_t>(r * n + c), at = static_cast<size_t>(2 * r * n + c);
          const double m = p[at], lv = p[at + static_cast<size_t>(n)], sigma = std::exp(lv / 2);
          ASSERT_NEAR(z[i], m + sigma * e[i], close * (1 + std::abs(sigma * e[i])));
          sum += 0.5 * (sigma * sigma - 1 - lv + m * m);
          const double g = dkl[static_cast<size_t>(r)];
          ASSERT_NEAR(dp[at], dz[i] + g * m, close * (1 + std::abs(g * m)));
          const double path = dz[i] * sigma * e[i];
          ASSERT_NEAR(dp[at + static_cast<size_t>(n)], 0.5 * (path + g * (sigma * sigma - 1)),
                      close * (2 + std::abs(path) + std::abs(g) * sigma * sigma + std::abs(dz[i] * m)));
        }
        ASSERT_NEAR(kl[static_cast<size_t>(r)], sum, close * (1 + sum));
      }
    }
  });
}

TEST(GaussianDraw, ManyDrawsAndTheirRatiosAgreeWithDoubleAtEveryLength) {
  constexpr int64_t draws = 4;
  on_every_target([&] {
    for (const int64_t n : lengths()) {
      const auto p = normal(2 * rows * n, 0), e = normal(rows * draws * n, 1),
                 dz = normal(rows * draws * n, 2), dratio = normal(rows * draws, 3);
      std::vector<float> z(e.size()), ratio(static_cast<size_t>(rows * draws)), dp(p.size());
      gaussian_draw_and_ratio(z, ratio, p, e, rows, draws, n);
      gaussian_draw_and_ratio_backward(dp, dz, dratio, p, z, rows, draws, n);
      for (int64_t r = 0; r < rows; ++r) {
        std::vector<double> dmean(static_cast<size_t>(n)), dlog_variance(dmean), size(dmean);
        for (int64_t k = 0; k < draws; ++k) {
          double sum = 0, magnitude = 1;
          const double g = dratio[static_cast<size_t>(r * draws + k)];
          for (int64_t c = 0; c < n; ++c) {
            const auto i = static_cast<size_t>((r * draws + k) * n + c),
                       at = static_cast<size_t>(2 * r * n + c);
            const double m = p[at], lv = p[at + static_cast<size_t>(n)], sigma = std::exp(lv / 2);
            const double drawn = m + sigma * e[i];
            sum += 0.5 * (e[i] * e[i] + lv - drawn * drawn);
            magnitude += e[i] * e[i] + std::abs(lv) + drawn * drawn;
            const double whole = dz[i] - g * drawn;
            dmean[static_cast<size_t>(c)] += whole;
            dlog_variance[static_cast<size_t>(c)] += 0.5 * (whole * sigma * e[i] + g);
            size[static_cast<size_t>(c)] +=
                (std::abs(dz[i]) + std::abs(g * drawn)) * (2 + std::abs(drawn) + std::abs(m));
          }
          ASSERT_NEAR(ratio[static_cast<size_t>(r * draws + k)], sum, close * magnitude);
        }
        for (int64_t c = 0; c < n; ++c) {
          const auto at = static_cast<size_t>(2 * r * n + c), column = static_cast<size_t>(c);
          ASSERT_NEAR(dp[at], dmean[column], close * (1 + size[column]));
          ASSERT_NEAR(dp[at + static_cast<size_t>(n)], dlog_variance[column], close * (1 + size[column]));
        }
      }
    }
  });
}

TEST(GaussianDraw, RefusesSizesThatDoNotAgree) {
  std::vector<float> six(6), three(3), twelve(12);
  EXPECT_THROW(gaussian_draw_and_kl(six, three, six, six, 3, 2), Error);
  EXPECT_THROW(gaussian_draw_and_ratio(six, six, twelve, six, 3, 2, 2), Error);
}

}  // namespace
}  // namespace isthmus::kernels
