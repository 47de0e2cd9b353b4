#include "isthmus/kernels/gaussian_draw.hpp"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "isthmus/core/error.hpp"

#include "tests/kernels/numbers.hpp"
#include "tests/kernels/targets.hpp"

namespace isthmus::kernels {
namespace {

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
      const auto p = normal(1, 2 * rows * n, 0), e = normal(1, rows * n, 1), dz = normal(1, rows * n, 2),
                 dkl = normal(1, rows, 3);
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

// A posterior that has collapsed onto the prior costs next to nothing, and never less.
TEST(GaussianDraw, TheKlOfACollapsedCodeKeepsItsDigits) {
  on_every_target([&] {
    for (const double size : {1e-1, 1e-2, 1e-3, 1e-4, 1e-6, 1e-9})
      for (const double sign : {-1.0, 1.0}) {
        const std::vector<float> p = {0, static_cast<float>(sign * size)}, e = {0.5f}, dz = {0}, dkl = {1};
        std::vector<float> z(1), kl(1), dp(2);
        gaussian_draw_and_kl(z, kl, p, e, 1, 1);
        gaussian_draw_and_kl_backward(dp, dz, dkl, p, z, 1, 1);
        const double lv = p[1], truth = 0.5 * lv * lv * (0.5 + lv * (1 / 6.0 + lv * (1 / 24.0 + lv / 120)));
        EXPECT_GE(kl[0], 0);
        EXPECT_NEAR(kl[0], truth, 1e-6 * truth) << lv;
        EXPECT_NEAR(dp[1], 0.5 * std::expm1(lv), 1e-6 * size) << lv;
      }
  });
}

TEST(GaussianDraw, ThreadsDoNotChangeABit) {
  constexpr int64_t many = 200, latent = 65, draws = 3;
  const auto p = normal(1, 2 * many * latent, 0), e = normal(1, many * draws * latent, 1),
             dz = normal(1, many * draws * latent, 2), g = normal(1, many * draws, 3);
  std::vector<std::vector<float>> alone;
  const auto all = [&] {
    std::vector<float> z(e.size()), ratio(g.size()), dp(p.size());
    gaussian_draw_and_ratio(z, ratio, p, e, many, draws, latent);
    gaussian_draw_and_ratio_backward(dp, dz, g, p, z, many, draws, latent);
    const std::span<const float> one(e.data(), many * latent), dz_one(dz.data(), many * latent),
        dkl(g.data(), many);
    std::vector<float> z_one(many * latent), kl(many), dp_one(p.size());
    gaussian_draw_and_kl(z_one, kl, p, one, many, latent);
    gaussian_draw_and_kl_backward(dp_one, dz_one, dkl, p, z_one, many, latent);
    return std::vector{z, ratio, dp, z_one, kl, dp_one};
  };
  with_threads(1, [&] { alone = all(); });
  for (const int threads : {2, 5}) with_threads(threads, [&] { EXPECT_EQ(all(), alone); });
}

TEST(GaussianDraw, ManyDrawsAndTheirRatiosAgreeWithDoubleAtEveryLength) {
  constexpr int64_t draws = 4;
  on_every_target([&] {
    for (const int64_t n : lengths()) {
      const auto p = normal(1, 2 * rows * n, 0), e = normal(1, rows * draws * n, 1),
                 dz = normal(1, rows * draws * n, 2), dratio = normal(1, rows * draws, 3);
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
  EXPECT_THROW(gaussian_draw_and_kl_backward(twelve, six, six, twelve, six, 3, 2), Error);
  EXPECT_THROW(gaussian_draw_and_ratio(six, six, twelve, six, 3, 2, 2), Error);
  EXPECT_THROW(gaussian_draw_and_ratio_backward(twelve, six, six, twelve, six, 3, 2, 2), Error);
}

}  // namespace
}  // namespace isthmus::kernels
