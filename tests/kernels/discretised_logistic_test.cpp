#include "isthmus/kernels/discretised_logistic.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "isthmus/core/error.hpp"
#include "isthmus/kernels/philox.hpp"

#include "tests/kernels/targets.hpp"

namespace isthmus::kernels {
namespace {

double softplus(double x) {
  return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x)));
}

double log_mass(double mean, double log_scale, double x) {
  const double bin = std::round(x * 255);
  const double delta = std::exp(-std::max(log_scale, least_log_scale)) / 255;
  const double centre = bin - mean * 255;
  const double upper = -softplus(-(centre + 0.5) * delta);
  const double lower = -softplus(-(0.5 - centre) * delta);
  if (bin == 0) return upper;
  if (bin == 255) return lower;
  return upper + lower + std::log(-std::expm1(-delta));
}

struct Sample {
  std::vector<float> mean, log_scale, x, g;

  Sample(int64_t rows, int64_t columns, int64_t repeat, bool own) {
    const auto uniform = [](int64_t n, uint32_t stream, float low, float high) {
      std::vector<float> out(static_cast<size_t>(n));
      fill_uniform(out, 1, n, {.seed = 4, .stream = stream}, 0);
      for (float& number : out) number = low + (high - low) * number;
      return out;
    };
    mean = uniform(rows * columns, 1, -0.2F, 1.2F);
    log_scale = uniform(own ? rows * columns : columns, 2, -9, 2);
    x = uniform(rows / repeat * columns, 3, -20, 275);
    for (float& pixel : x) pixel = std::round(std::clamp(pixel, 0.0F, 255.0F)) / 255;
    g = uniform(rows, 4, -1, 1);
  }
};

TEST(DiscretisedLogisticKernel, EveryTargetAndLengthAgreesWithDouble) {
  on_every_target([] {
    for (const bool own : {true, false})
      for (const int64_t columns : {1, 3, 16, 17, 40, 300}) {
        constexpr int64_t rows = 24, repeat = 2;
        const Sample s(rows, columns, repeat, own);
        std::vector<float> out(rows), dmean(s.mean.size()), dscale(s.log_scale.size());
        discretised_logistic_log_likelihood(out, s.x, s.mean, s.log_scale, rows, columns, repeat);
        discretised_logistic_log_likelihood_backward(dmean, dscale, s.g, s.x, s.mean, s.log_scale, rows,
                                                     columns, repeat);
        std::vector<double> sums(dscale.size()), sizes(dscale.size());
        for (int64_t r = 0; r < rows; ++r) {
          double sum = 0;
          for (int64_t c = 0; c < columns; ++c) {
            const auto at = static_cast<size_t>(r * columns + c);
            const size_t of_scale = own ? at : static_cast<size_t>(c);
            const double m = s.mean[at], l = s.log_scale[of_scale];
            const double x = s.x[static_cast<size_t>(r / repeat * columns + c)];
            sum += log_mass(m, l, x);
            const double g = s.g[static_cast<size_t>(r)];
            constexpr double h = 1e-6;
            const double by_mean = (log_mass(m + h, l, x) - log_mass(m - h, l, x)) / (2 * h);
            const double by_scale = (log_mass(m, l + h, x) - log_mass(m, l - h, x)) / (2 * h);
            EXPECT_NEAR(dmean[at], g * by_mean, 1e-3 * (1 + std::abs(by_mean)));
            sums[of_scale] += g * by_scale;
            sizes[of_scale] += std::abs(by_scale);
          }
          EXPECT_NEAR(out[static_cast<size_t>(r)], sum, 1e-5 * (1 + std::abs(sum)));
        }
        for (size_t i = 0; i < sums.size(); ++i) EXPECT_NEAR(dscale[i], sums[i], 1e-3 * (1 + sizes[i]));
      }
  });
}

TEST(DiscretisedLogisticKernel, ThreadsDoNotChangeABit) {
  const Sample s(200, 300, 1, false);
  std::vector<float> dmean(s.mean.size()), first(s.log_scale.size()), one(200);
  with_threads(1, [&] {
    discretised_logistic_log_likelihood(one, s.x, s.mean, s.log_scale, 200, 300, 1);
    discretised_logistic_log_likelihood_backward(dmean, first, s.g, s.x, s.mean, s.log_scale, 200, 300, 1);
  });
  for (const int threads : {2, 5})
    with_threads(threads, [&] {
      std::vector<float> again(first.size()), out(200);
      discretised_logistic_log_likelihood(out, s.x, s.mean, s.log_scale, 200, 300, 1);
      discretised_logistic_log_likelihood_backward(dmean, again, s.g, s.x, s.mean, s.log_scale, 200, 300, 1);
      EXPECT_EQ(again, first);
      EXPECT_EQ(out, one);
    });
}

TEST(DiscretisedLogisticKernel, RefusesSizesThatDisagree) {
  std::vector<float> one(1), two(2), six(6);
  EXPECT_THROW(discretised_logistic_log_likelihood(one, six, six, six, 2, 3, 1), Error);
  EXPECT_THROW(discretised_logistic_log_likelihood(two, six, six, two, 2, 3, 1), Error);
  EXPECT_THROW(discretised_logistic_log_likelihood_backward(six, two, two, six, six, six, 2, 3, 1), Error);
  EXPECT_THROW(discretised_logistic_log_likelihood_backward(two, six, two, six, six, six, 2, 3, 1), Error);
}

}  // namespace
}  // namespace isthmus::kernels
