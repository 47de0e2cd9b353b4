#include "isthmus/kernels/gaussian.hpp"

#include <cmath>
#include <numbers>
#include <vector>

#include <gtest/gtest.h>

#include "isthmus/core/error.hpp"

#include "tests/kernels/numbers.hpp"
#include "tests/kernels/targets.hpp"

namespace isthmus::kernels {
namespace {

struct Expected {
  std::vector<double> out, dmean, dlog_variance;
  std::vector<double> out_size, dlog_variance_size;  // sums of the magnitudes of what is summed
};

/// By the definition, in double.
Expected exact(const std::vector<float>& g, const std::vector<float>& x, const std::vector<float>& mean,
               const std::vector<float>& log_variance, size_t columns, size_t repeat) {
  const std::vector<double> a_row(g.size()), a_variance(log_variance.size());
  Expected e{a_row, std::vector<double>(mean.size()), a_variance, a_row, a_variance};
  for (size_t r = 0; r < g.size(); ++r) {
    for (size_t c = 0; c < columns; ++c) {
      const size_t v = log_variance.size() == 1 ? 0 : c;
      const double lv = log_variance[v];
      const double z = x[r / repeat * columns + c] - static_cast<double>(mean[r * columns + c]);
      e.out[r] -= 0.5 * (z * z * std::exp(-lv) + std::log(2 * std::numbers::pi) + lv);
      e.dmean[r * columns + c] = g[r] * z * std::exp(-lv);
      e.out_size[r] += 0.5 * (z * z * std::exp(-lv) + std::abs(std::log(2 * std::numbers::pi) + lv));
      e.dlog_variance_size[v] += 0.5 * std::abs(g[r]) * (z * z * std::exp(-lv) + 1);
      e.dlog_variance[v] += 0.5 * g[r] * (z * z * std::exp(-lv) - 1);
    }
  }
  return e;
}

TEST(Gaussian, EveryLengthAgreesWithDouble) {
  std::vector<int64_t> lengths{784, 1000, 3072};
  for (int64_t n = 1; n <= 67; ++n) lengths.push_back(n);
  on_every_target([&] {
    for (const int64_t n : lengths) {
      for (const size_t repeat : {1u, 2u}) {
        for (const bool shared_variance : {true, false}) {
          const int64_t rows = 6;
          const auto g = normal(1, rows, 0), x = normal(rows / static_cast<int64_t>(repeat), n, 1),
                     mean = normal(rows, n, 2);
          const auto log_variance = shared_variance ? std::vector<float>{-3.7f} : normal(1, n, 3);
          const size_t columns = static_cast<size_t>(n);
          const Expected e = exact(g, x, mean, log_variance, columns, repeat);
          std::vector<float> out(6), dmean(mean.size()), dlog_variance(log_variance.size());
          gaussian_log_likelihood(out, x, mean, log_variance, rows, n, static_cast<int64_t>(repeat));
          gaussian_log_likelihood_backward(dmean, dlog_variance, g, x, mean, log_variance, rows, n,
                                           static_cast<int64_t>(repeat));
          auto in_place = mean;
          gaussian_log_likelihood_backward(in_place, {}, g, x, in_place, log_variance, rows, n,
                                           static_cast<int64_t>(repeat));
          ASSERT_EQ(in_place, dmean);
          for (size_t r = 0; r < out.size(); ++r) ASSERT_NEAR(out[r], e.out[r], 5e-7 * e.out_size[r]);
          for (size_t i = 0; i < dmean.size(); ++i)
            ASSERT_NEAR(dmean[i], e.dmean[i], 3e-7 * (std::abs(e.dmean[i]) + 1));
          for (size_t i = 0; i < dlog_variance.size(); ++i)
            ASSERT_NEAR(dlog_variance[i], e.dlog_variance[i], 5e-7 * e.dlog_variance_size[i]);
        }
      }
    }
  });
}

TEST(Gaussian, GradientsAreThoseOfTheValue) {
  const int64_t rows = 4, columns = 7;
  const auto x = normal(rows, columns, 1);
  auto mean = normal(rows, columns, 2), log_variance = normal(1, columns, 3);
  const std::vector<float> g{1, 1, 1, 1};
  std::vector<float> dmean(mean.size()), dlog_variance(log_variance.size()), out(4);
  gaussian_log_likelihood_backward(dmean, dlog_variance, g, x, mean, log_variance, rows, columns);
  const auto value = [&] {
    gaussian_log_likelihood(out, x, mean, log_variance, rows, columns);
    return static_cast<double>(out[0]) + out[1] + out[2] + out[3];
  };
  const auto slope = [&](float& at) {
    const float old = at;
    at = old + 0.01f;
    const double above = value();
    at = old - 0.01f;
    const double below = value();
    at = old;
    return (above - below) / 0.02;
  };
  for (size_t i = 0; i < mean.size(); ++i)
    EXPECT_NEAR(slope(mean[i]), dmean[i], 5e-3 * (1 + std::abs(dmean[i])));
  for (size_t c = 0; c < log_variance.size(); ++c)
    EXPECT_NEAR(slope(log_variance[c]), dlog_variance[c], 5e-3 * (1 + std::abs(dlog_variance[c])));
}

TEST(Gaussian, ThreadsDoNotChangeABit) {
  const int64_t rows = 301, columns = 203;
  const auto g = normal(1, rows, 0), x = normal(rows, columns, 1), mean = normal(rows, columns, 2);
  const auto log_variance = normal(1, columns, 3);
  std::vector<std::vector<float>> first;
  for (const int threads : {1, 2, 5}) {
    with_threads(threads, [&] {
      std::vector<std::vector<float>> now{std::vector<float>(g.size()), std::vector<float>(mean.size()),
                                          std::vector<float>(log_variance.size())};
      gaussian_log_likelihood(now[0], x, mean, log_variance, rows, columns);
      gaussian_log_likelihood_backward(now[1], now[2], g, x, mean, log_variance, rows, columns);
      if (threads == 1) first = now;
      EXPECT_EQ(now, first);
    });
  }
}

TEST(Gaussian, RefusesSizesThatDisagree) {
  std::vector<float> out(4), x(20), mean(20), two(2), dmean(20);
  EXPECT_THROW(gaussian_log_likelihood(out, x, mean, two, 4, 5), Error);
  EXPECT_THROW(gaussian_log_likelihood(two, x, mean, {}, 4, 5), Error);
  EXPECT_THROW(gaussian_log_likelihood_backward(dmean, two, out, x, mean, std::vector<float>(5), 4, 5),
               Error);
}

}  // namespace
}  // namespace isthmus::kernels
