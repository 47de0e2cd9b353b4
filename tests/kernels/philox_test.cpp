#include "isthmus/kernels/philox.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>
#include <numeric>
#include <vector>

#include <gtest/gtest.h>

#include "isthmus/core/error.hpp"

#include "tests/kernels/targets.hpp"

namespace isthmus::kernels {
namespace {

using Fill = void (*)(std::span<float>, int64_t, int64_t, NoiseKey, int64_t);
constexpr NoiseKey key{.seed = 0x0123456789abcdef, .stream = 7, .step = 1234};

std::vector<float> draw(Fill fill, int64_t rows, int64_t columns, NoiseKey k = key, int64_t first_row = 0) {
  std::vector<float> out(static_cast<size_t>(rows * columns), -99.0f);
  fill(out, rows, columns, k, first_row);
  return out;
}

// The vectors that Random123 publishes for philox4x32-10.
static_assert(philox4x32({0, 0, 0, 0}, {0, 0}) ==
              std::array<uint32_t, 4>{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
static_assert(philox4x32({~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}) ==
              std::array<uint32_t, 4>{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
static_assert(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
              std::array<uint32_t, 4>{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});

TEST(Philox, GivesThePublishedNumbers) {
  // Once more at run time, through the fill: counter {0, 0, 0, 0}, key {0, 0}.
  on_every_target([] {
    std::vector<uint32_t> out(4);
    fill_bits(out, 1, 4, NoiseKey{}, 0);
    EXPECT_EQ(out, (std::vector<uint32_t>{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  });
}

TEST(Philox, EveryTargetDrawsTheWordsOfTheDefinition) {
  for (const int64_t first_row : {int64_t{0}, int64_t{5}, (int64_t{1} << 32) - 9}) {
    for (const int64_t columns :
         {1, 2, 3, 4, 5, 7, 8, 10, 20, 31, 32, 63, 64, 65, 67, 100, 784, 1000, 1031}) {
      const int64_t rows = 9;
      std::vector<uint32_t> expected;
      for (int64_t r = 0; r < rows; ++r)
        for (int64_t c = 0; c < columns; ++c)
          expected.push_back(noise_words(key, static_cast<uint32_t>(first_row + r),
                                         static_cast<uint32_t>(c / 4))[static_cast<size_t>(c % 4)]);
      on_every_target([&] {
        std::vector<uint32_t> out(expected.size());
        fill_bits(out, rows, columns, key, first_row);
        EXPECT_EQ(out, expected) << columns << " columns";
      });
    }
  }
}

TEST(Philox, FloatsAreTheirFormula) {
  const int64_t rows = 300, columns = 67;
  std::vector<uint32_t> bits(static_cast<size_t>(rows * columns + rows));  // 68 columns: whole pairs
  fill_bits(bits, rows, columns + 1, key, 0);
  const auto word = [&](int64_t r, int64_t c) { return bits[static_cast<size_t>(r * (columns + 1) + c)]; };
  const auto open = [](uint32_t w) {
    return static_cast<float>(static_cast<int32_t>((w >> 1) | 1)) * 0x1p-31f;
  };
  on_every_target([&] {
    const auto uniform = draw(fill_uniform, rows, columns);
    const auto normal = draw(fill_normal, rows, columns);
    const auto gumbel = draw(fill_gumbel, rows, columns);
    double worst_normal = 0, worst_gumbel = 0;
    for (int64_t r = 0; r < rows; ++r) {
      for (int64_t c = 0; c < columns; ++c) {
        const size_t i = static_cast<size_t>(r * columns + c);
        EXPECT_EQ(uniform[i], static_cast<float>(word(r, c) >> 8) / 16777216.0f);
        const uint32_t b = word(r, c | 1);
        const double radius = std::sqrt(-2 * std::log(static_cast<double>(open(word(r, c & ~int64_t{1})))));
        const double t = static_cast<int32_t>(b << 2) * std::numbers::pi / 0x1p33;
        const double x = b >> 31 ? -std::cos(t) : std::cos(t);
        const double y = std::sin(t);
        const bool first = (c % 2 == 0) != ((b >> 30 & 1) != 0);
        worst_normal = std::max(worst_normal, std::abs(normal[i] - radius * (first ? x : y)));
        const double u = std::min<double>(open(word(r, c)), 1 - 0x1p-24);
        worst_gumbel = std::max(worst_gumbel, std::abs(gumbel[i] + std::log(-std::log1p(-u))));
      }
    }
    EXPECT_LT(worst_normal, 1e-6);
    EXPECT_LT(worst_gumbel, 2e-6);
  });
}

TEST(Philox, EveryTargetGivesTheSameBits) {
  std::vector<float> probabilities(std::size_t{50} * 1003);
  fill_uniform(probabilities, 50, 1003, {.seed = 5}, 0);
  for (const Fill fill : {Fill{fill_uniform}, Fill{fill_normal}, Fill{fill_gumbel}}) {
    const auto best = draw(fill, 50, 1003);
    on_every_target([&] { EXPECT_EQ(draw(fill, 50, 1003), best); });
  }
  std::vector<float> best(probabilities.size());
  fill_bernoulli(best, probabilities, 50, 1003, key, 3);
  on_every_target([&] {
    std::vector<float> out(best.size());
    fill_bernoulli(out, probabilities, 50, 1003, key, 3);
    EXPECT_EQ(out, best);
  });
  const auto order = permutation(1000, key);
  on_every_target([&] { EXPECT_EQ(permutation(1000, key), order); });
}

TEST(Philox, ASplitOverRowsOrThreadsGivesTheSameNumbers) {
  const int64_t rows = 400, columns = 203;
  for (const Fill fill : {Fill{fill_uniform}, Fill{fill_normal}, Fill{fill_gumbel}}) {
    const auto whole = draw(fill, rows, columns);
    for (const int threads : {1, 2, 3, 7})
      with_threads(threads, [&] { EXPECT_EQ(draw(fill, rows, columns), whole) << threads << " threads"; });
    std::vector<float> parts;
    for (int64_t r = 0, n = 1; r < rows; r += n, n = std::min(rows - r, n * 2)) {
      const auto part = draw(fill, n, columns, key, r);
      parts.insert(parts.end(), part.begin(), part.end());
    }
    EXPECT_EQ(parts, whole);
  }
}

/// Moments and the Kolmogorov–Smirnov distance of `x` against a distribution function, five standard errors
/// wide.
void expect_moments(std::vector<float> x, double mean, double variance, double skew, double kurtosis,
                    double sixth, const std::function<double(double)>& cdf) {
  const double n = static_cast<double>(x.size());
  double sum = 0, s2 = 0, s3 = 0, s4 = 0;
  for (const float v : x) {
    const double z = (v - mean) / std::sqrt(variance);
    sum += z, s2 += z * z, s3 += z * z * z, s4 += z * z * z * z;
  }
  EXPECT_LT(std::abs(sum / n), 5 / std::sqrt(n));
  EXPECT_LT(std::abs(s2 / n - 1), 5 * std::sqrt((kurtosis - 1) / n));
  EXPECT_LT(std::abs(s3 / n - skew), 5 * std::sqrt(sixth / n));
  EXPECT_LT(std::abs(s4 / n - kurtosis),
            5 * std::sqrt(105 / n));  // the eighth moment of the normal bounds both
  std::sort(x.begin(), x.end());
  double distance = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const double p = cdf(x[i]);
    distance = std::max({distance, p - static_cast<double>(i) / n, static_cast<double>(i + 1) / n - p});
  }
  EXPECT_LT(distance * std::sqrt(n), 1.95);  // passed by 99.9 % of honest samples
}

TEST(Philox, UniformIsUniform) {
  const auto x = draw(fill_uniform, 1000, 1000);
  expect_moments(x, 0.5, 1.0 / 12, 0, 1.8, 27.0 / 7, [](double v) { return v; });
  EXPECT_GE(*std::min_element(x.begin(), x.end()), 0.0f);
  EXPECT_LT(*std::max_element(x.begin(), x.end()), 1.0f);
}

TEST(Philox, NormalIsNormal) {
  const auto cdf = [](double v) { return 0.5 * std::erfc(-v / std::numbers::sqrt2); };
  expect_moments(draw(fill_normal, 1000, 1000), 0, 1, 0, 3, 15, cdf);
  // Narrow rows use one pair of a block: each column must be normal by itself.
  const auto narrow = draw(fill_normal, 1000000, 2);
  for (size_t column : {0u, 1u}) {
    std::vector<float> x;
    for (size_t i = column; i < narrow.size(); i += 2) x.push_back(narrow[i]);
    expect_moments(x, 0, 1, 0, 3, 15, cdf);
  }
}

TEST(Philox, NormalHasItsTailAndNoInfinity) {
  // P(|x| > 5) = 5.73e-7: about 19 in 2^25.
  int beyond = 0;
  for (int64_t part = 0; part < 32; ++part) {
    for (const float x : draw(fill_normal, 1024, 1024, key, part * 1024)) {
      ASSERT_TRUE(std::isfinite(x));
      beyond += std::abs(x) > 5;
    }
  }
  EXPECT_GE(beyond, 4);
  EXPECT_LE(beyond, 45);
}

TEST(Philox, GumbelIsGumbel) {
  const auto x = draw(fill_gumbel, 1000, 1000);
  const double n = 1e6;
  const double mean = std::accumulate(x.begin(), x.end(), 0.0) / n;
  double square = 0;
  for (const float v : x) square += (v - mean) * (v - mean);
  EXPECT_NEAR(mean, std::numbers::egamma, 5 * 1.2826 / 1e3);
  EXPECT_NEAR(square / n, std::numbers::pi * std::numbers::pi / 6, 5 * 3.5e-3);  // kurtosis 5.4
  double distance = 0;
  auto sorted = x;
  std::sort(sorted.begin(), sorted.end());
  for (size_t i = 0; i < sorted.size(); ++i)
    distance =
        std::max(distance, std::abs(std::exp(-std::exp(-static_cast<double>(sorted[i]))) - (i + 0.5) / n));
  EXPECT_LT(distance * 1e3, 1.95);
  for (const float v : x) ASSERT_TRUE(std::isfinite(v));
}

double correlation(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum / static_cast<double>(a.size());
}

TEST(Philox, NeighboursAreIndependent) {
  const int64_t rows = 1000, columns = 1000;
  const auto base = draw(fill_normal, rows, columns);
  const double limit = 5 / std::sqrt(static_cast<double>(base.size()));
  const NoiseKey stream{.seed = key.seed, .stream = key.stream + 1, .step = key.step};
  const NoiseKey step{.seed = key.seed, .stream = key.stream, .step = key.step + 1};
  const NoiseKey low{.seed = key.seed + 1, .stream = key.stream, .step = key.step};
  const NoiseKey high{.seed = key.seed + (uint64_t{1} << 32), .stream = key.stream, .step = key.step};
  for (const NoiseKey& other : {stream, step, low, high})
    EXPECT_LT(std::abs(correlation(base, draw(fill_normal, rows, columns, other))), limit);
  EXPECT_LT(std::abs(correlation(base, draw(fill_normal, rows, columns, key, 1))), limit);
  for (const size_t lag : {1u, 2u, 3u, 4u, 5u, 16u, 64u}) {
    const std::vector<float> ahead(base.begin() + static_cast<std::ptrdiff_t>(lag), base.end());
    const std::vector<float> behind(base.begin(), base.end() - static_cast<std::ptrdiff_t>(lag));
    EXPECT_LT(std::abs(correlation(behind, ahead)), limit) << "lag " << lag;
  }
}

TEST(Philox, BernoulliIsExactAtItsEnds) {
  on_every_target([] {
    for (const int64_t columns : {1, 3, 67, 784}) {
      const size_t n = static_cast<size_t>(100 * columns);
      std::vector<float> out(n, -1.0f), p(n);
      for (size_t i = 0; i < n; ++i) p[i] = static_cast<float>(i % 2);
      fill_bernoulli(out, p, 100, columns, key, 0);
      EXPECT_EQ(out, p);
    }
  });
}

TEST(Philox, BernoulliFollowsItsProbabilities) {
  const int64_t rows = 2000, columns = 256;
  std::vector<float> p(static_cast<size_t>(rows * columns)), drawn(p.size());
  for (size_t i = 0; i < p.size(); ++i) p[i] = static_cast<float>(i % 256) / 255.0f;
  const auto u = draw(fill_uniform, rows, columns);
  on_every_target([&] {
    fill_bernoulli(drawn, p, rows, columns, key, 0);
    for (size_t i = 0; i < p.size(); ++i) ASSERT_EQ(drawn[i], u[i] < p[i] ? 1.0f : 0.0f);
  });
  for (size_t c = 0; c < 256; ++c) {
    double ones = 0;
    for (size_t r = 0; r < 2000; ++r) ones += drawn[r * 256 + c];
    const double mean = 2000 * c / 255.0;
    EXPECT_NEAR(ones, mean, 5 * std::sqrt(mean * (1 - c / 255.0)) + 1e-9);
  }
}

TEST(Philox, RefusesWhatDoesNotFit) {
  std::vector<float> out(12);
  EXPECT_THROW(fill_normal(out, 3, 5, key, 0), Error);
  EXPECT_THROW(fill_normal(out, 3, 4, key, (int64_t{1} << 32) - 2), Error);
  EXPECT_THROW(fill_normal(out, 3, 4, key, -1), Error);
  EXPECT_THROW(fill_bernoulli(out, std::vector<float>(11), 3, 4, key, 0), Error);
  EXPECT_NO_THROW(fill_normal({}, 0, 4, key, 0));
  EXPECT_NO_THROW(fill_normal({}, 4, 0, key, 0));
}

}  // namespace
}  // namespace isthmus::kernels
