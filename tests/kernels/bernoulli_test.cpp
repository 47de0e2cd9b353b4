#include "isthmus/kernels/bernoulli.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "isthmus/core/error.hpp"
#include "isthmus/kernels/philox.hpp"

#include "tests/kernels/numbers.hpp"
#include "tests/kernels/targets.hpp"

namespace isthmus::kernels {
namespace {

std::vector<float> binary(int64_t rows, int64_t columns) {
  std::vector<float> out(static_cast<size_t>(rows * columns));
  fill_bernoulli(out, std::vector<float>(out.size(), 0.3f), rows, columns, {.seed = 5}, 0);
  return out;
}

double log_likelihood(const float* x, const float* l, size_t n) {
  double sum = 0;
  for (size_t i = 0; i < n; ++i) {
    const double logit = l[i];
    sum += x[i] * logit - std::max(logit, 0.0) - std::log1p(std::exp(-std::abs(logit)));
  }
  return sum;
}

double sigmoid(double l) {
  return 1 / (1 + std::exp(-l));
}

TEST(Bernoulli, EveryLengthAgreesWithDouble) {
  std::vector<int64_t> lengths{784, 1000, 4096, 12288};
  for (int64_t n = 1; n <= 67; ++n) lengths.push_back(n);
  on_every_target([&] {
    for (const int64_t n : lengths) {
      // From undecided to saturated: a fresh decoder, a good one, one that overshoots.
      for (const auto& [mean, scale] : {std::pair{0.0f, 0.0f},
                                        {0.0f, 1e-3f},
                                        {-1.0f, 3.0f},
                                        {-12.0f, 2.0f},
                                        {-16.1f, 0.0f},
                                        {0.0f, 40.0f}}) {
        const int64_t rows = 3;
        const auto l = normal(rows, n, 0, mean, scale);
        for (auto x : {binary(rows, n), std::vector<float>(l.size()), normal(rows, n, 0, 0.5f, 0.1f)}) {
          std::vector<float> out(3), g{1.5f, -2.0f, 0.25f}, dl(l.size());
          bernoulli_log_likelihood(out, x, l, rows, n);
          bernoulli_log_likelihood_backward(dl, g, x, l, rows, n);
          for (size_t r = 0; r < 3; ++r) {
            const size_t at = r * static_cast<size_t>(n);
            const double expected = log_likelihood(&x[at], &l[at], static_cast<size_t>(n));
            ASSERT_NEAR(out[r], expected, 1e-6 * std::abs(expected) + 1e-20)
                << n << " pixels, logits " << mean << " ± " << scale;
            for (size_t i = at; i < at + static_cast<size_t>(n); ++i)
              ASSERT_NEAR(dl[i], g[r] * (x[i] - sigmoid(l[i])), 2e-7 * std::abs(g[r]));
          }
          auto in_place = l;
          bernoulli_log_likelihood_backward(in_place, g, x, in_place, rows, n);
          ASSERT_EQ(in_place, dl);
        }
      }
    }
  });
}

TEST(Bernoulli, DrawsOfOneExampleShareItsData) {
  const int64_t batch = 3, k = 4, columns = 37, rows = batch * k;
  const auto x = binary(batch, columns);
  const auto l = normal(rows, columns, 0, 0, 2);
  const std::vector<float> g(static_cast<size_t>(rows), 1.0f);
  std::vector<float> out(g.size()), dl(l.size());
  bernoulli_log_likelihood(out, x, l, rows, columns, k);
  bernoulli_log_likelihood_backward(dl, g, x, l, rows, columns, k);
  for (size_t r = 0; r < g.size(); ++r) {
    const float* logits = &l[r * columns];
    const float* data = &x[r / k * columns];
    EXPECT_NEAR(out[r], log_likelihood(data, logits, columns), 1e-4);
    for (size_t c = 0; c < columns; ++c) EXPECT_NEAR(dl[r * columns + c], data[c] - sigmoid(logits[c]), 2e-7);
  }
}

TEST(Bernoulli, ThreadsDoNotChangeABit) {
  const int64_t rows = 301, columns = 784;
  const auto x = binary(rows, columns), l = normal(rows, columns, 0, -2, 4);
  std::vector<float> g(static_cast<size_t>(rows), 0.5f), one(g.size()), many(g.size()), d_one(l.size()),
      d_many(l.size());
  with_threads(1, [&] {
    bernoulli_log_likelihood(one, x, l, rows, columns);
    bernoulli_log_likelihood_backward(d_one, g, x, l, rows, columns);
  });
  with_threads(3, [&] {
    bernoulli_log_likelihood(many, x, l, rows, columns);
    bernoulli_log_likelihood_backward(d_many, g, x, l, rows, columns);
  });
  EXPECT_EQ(one, many);
  EXPECT_EQ(d_one, d_many);
}

TEST(Bernoulli, NotANumberIsNotHidden) {
  on_every_target([] {
    for (const size_t at : {0u, 20u, 36u}) {
      std::vector<float> x(37, 1.0f), l(37, 0.5f), out(1), dl(37), g{1.0f};
      l[at] = std::numeric_limits<float>::quiet_NaN();
      bernoulli_log_likelihood(out, x, l, 1, 37);
      bernoulli_log_likelihood_backward(dl, g, x, l, 1, 37);
      EXPECT_TRUE(std::isnan(out[0]));
      EXPECT_TRUE(std::isnan(dl[at]));
    }
  });
}

TEST(Bernoulli, RefusesSizesThatDisagree) {
  std::vector<float> out(4), x(10), l(20), g(4), dl(20);
  EXPECT_NO_THROW(bernoulli_log_likelihood(out, x, l, 4, 5, 2));
  EXPECT_THROW(bernoulli_log_likelihood(out, x, l, 4, 5, 3), Error);
  EXPECT_THROW(bernoulli_log_likelihood(out, x, l, 5, 4, 1), Error);
  EXPECT_THROW(bernoulli_log_likelihood(out, x, l, 4, 5), Error) << "half of the data";
  EXPECT_THROW(bernoulli_log_likelihood(out, {}, l, 4, 5), Error);
  EXPECT_THROW(bernoulli_log_likelihood_backward(dl, x, x, l, 4, 5), Error);
  EXPECT_THROW(bernoulli_log_likelihood_backward(out, g, x, l, 4, 5), Error);
}

}  // namespace
}  // namespace isthmus::kernels
