#include "isthmus/kernels/activation.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "isthmus/core/error.hpp"
#include "isthmus/kernels/philox.hpp"

#include "tests/kernels/numbers.hpp"
#include "tests/kernels/targets.hpp"

namespace isthmus::kernels {
namespace {

constexpr Activation all[] = {Activation::identity, Activation::relu, Activation::tanh, Activation::sigmoid,
                              Activation::softplus};
constexpr float inf = std::numeric_limits<float>::infinity();

double exact(Activation a, double x) {
  switch (a) {
    case Activation::identity:
      return x;
    case Activation::relu:
      return x < 0 ? 0 : x;
    case Activation::tanh:
      return std::tanh(x);
    case Activation::sigmoid:
      return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x));
    case Activation::softplus:
      return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x)));
  }
  return 0;
}

/// f'(x) from y = f(x), as the kernel gets it.
double slope(Activation a, double y) {
  switch (a) {
    case Activation::identity:
      return 1;
    case Activation::relu:
      return y > 0;
    case Activation::tanh:
      return 1 - y * y;
    case Activation::sigmoid:
      return y * (1 - y);
    case Activation::softplus:
      return -std::expm1(-y);
  }
  return 0;
}

/// Distance in units of the last place of a float near `expected`.
double ulps(float got, double expected) {
  const float near = static_cast<float>(std::abs(expected));
  return std::abs(got - expected) / (static_cast<double>(std::nextafter(near, inf)) - near);
}

TEST(Activation, IsAsExactAsItsHeaderSays) {
  // Every 4099th float from the least to 1000, of both signs: 263,000 of each.
  std::vector<float> x;
  for (uint32_t bits = 1; bits < 0x447A0000; bits += 4099) {
    float v = 0;
    static_assert(sizeof v == sizeof bits);
    std::memcpy(&v, &bits, sizeof v);
    x.push_back(v);
    x.push_back(-v);
  }
  const int64_t n = static_cast<int64_t>(x.size());
  on_every_target([&] {
    for (const Activation a : all) {
      auto y = x;
      activate(y, {}, 1, n, a);
      double worst = 0;
      for (size_t i = 0; i < x.size(); ++i) worst = std::max(worst, ulps(y[i], exact(a, x[i])));
      EXPECT_LE(worst, a == Activation::tanh       ? 1.4
                       : a == Activation::sigmoid  ? 2.3
                       : a == Activation::softplus ? 2.6
                                                   : 0.0);

      // The slope, at outputs that the function can give.
      std::vector<float> dx(y.size()), ones(y.size(), 1.0f);
      activate_backward(dx, {}, y, ones, 1, n, a);
      worst = 0;
      for (size_t i = 0; i < y.size(); ++i) worst = std::max(worst, ulps(dx[i], slope(a, y[i])));
      EXPECT_LT(worst, 2.0) << "slope of " << static_cast<int>(a);
    }
  });
}

TEST(Activation, EveryShapeAgreesWithDouble) {
  on_every_target([] {
    for (int64_t columns = 1; columns <= 1000; columns = columns < 67    ? columns + 1
                                                         : columns == 67 ? 784
                                                                         : columns + 216) {
      const int64_t rows = 5;
      const auto x = normal(rows, columns, 0, 0, 3), dy = normal(rows, columns, 1),
                 bias = normal(1, columns, 2);
      for (const Activation a : all) {
        auto y = x;
        activate(y, bias, rows, columns, a);
        std::vector<float> dx(x.size()), dbias(bias.size(), -99.0f);
        activate_backward(dx, dbias, y, dy, rows, columns, a);
        auto in_place = dy;
        activate_backward(in_place, {}, y, in_place, rows, columns, a);
        EXPECT_EQ(in_place, dx);
        std::vector<double> sums(bias.size());
        for (size_t i = 0; i < x.size(); ++i) {
          const size_t c = i % bias.size();
          const double expected = exact(a, x[i] + bias[c]);
          ASSERT_NEAR(y[i], expected, 3e-7 * std::max(1.0, std::abs(expected)));
          const double gradient = dy[i] * slope(a, y[i]);
          ASSERT_NEAR(dx[i], gradient, 3e-7 * std::max(1.0, std::abs(gradient)));
          sums[c] += dx[i];
        }
        for (size_t c = 0; c < sums.size(); ++c) ASSERT_NEAR(dbias[c], sums[c], 2e-6);
      }
    }
  });
}

TEST(Activation, RoundsItsGradientWhenAskedAndSumsWhatWasNotRounded) {
  on_every_target([] {
    for (const Activation a : all)
      for (const int64_t columns : {1, 7, 16, 33, 100}) {
        constexpr int64_t rows = 40;
        std::vector<float> y(static_cast<size_t>(rows * columns)), dy(y.size()), dx(y.size());
        fill_normal(y, rows, columns, {.seed = 2}, 0);
        fill_normal(dy, rows, columns, {.seed = 3}, 0);
        std::vector<float> dbias(static_cast<size_t>(columns)), again(dbias);
        std::vector<Bfloat16> low(y.size());
        activate_backward(dx, dbias, y, dy, rows, columns, a);
        activate_backward(low, again, y, dy, rows, columns, a);
        EXPECT_EQ(again, dbias);
        for (size_t i = 0; i < dx.size(); ++i) EXPECT_EQ(low[i], to_bfloat16(dx[i]));
        std::vector<float> more(dbias.size(), 2.5f), low_more(more);
        activate_backward(dx, more, y, dy, rows, columns, a, true);
        activate_backward(low, low_more, y, dy, rows, columns, a, true);
        for (size_t c = 0; c < dbias.size(); ++c) EXPECT_EQ(more[c], 2.5f + dbias[c]);
        EXPECT_EQ(low_more, more);
      }
  });
}

TEST(Activation, KeepsWhatIsNotANumberAndItsLimits) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  on_every_target([&] {
    for (const Activation a : all) {
      std::vector<float> y(37, nan);
      y[1] = inf, y[2] = -inf, y[35] = 1e30f, y[36] = -1e30f;
      activate(y, {}, 1, 37, a);
      EXPECT_TRUE(std::isnan(y[0]) && std::isnan(y[34]));
      EXPECT_EQ(y[1], exact(a, inf));
      EXPECT_EQ(y[2], a == Activation::sigmoid || a == Activation::softplus ? 0 : exact(a, -inf));
      EXPECT_EQ(y[35], exact(a, 1e30f));
      EXPECT_EQ(y[36], exact(a, -1e30f));
    }
  });
}

TEST(Activation, ThreadsDoNotChangeABit) {
  const int64_t rows = 517, columns = 203;
  const auto x = normal(rows, columns), dy = normal(rows, columns, 1), bias = normal(1, columns, 2);
  for (const Activation a : all) {
    std::vector<float> first_y, first_dx, first_sum;
    for (const int threads : {1, 2, 5}) {
      with_threads(threads, [&] {
        auto y = x;
        activate(y, bias, rows, columns, a);
        std::vector<float> dx(x.size()), sum(bias.size());
        activate_backward(dx, sum, y, dy, rows, columns, a);
        if (threads == 1) first_y = y, first_dx = dx, first_sum = sum;
        EXPECT_EQ(y, first_y);
        EXPECT_EQ(dx, first_dx);
        EXPECT_EQ(sum, first_sum);
      });
    }
    std::vector<double> exact_sum(bias.size());
    for (size_t i = 0; i < x.size(); ++i) exact_sum[i % bias.size()] += first_dx[i];
    for (size_t c = 0; c < exact_sum.size(); ++c) EXPECT_NEAR(first_sum[c], exact_sum[c], 2e-5);
  }
}

TEST(Activation, AnEmptyBatchHasAZeroBiasGradient) {
  std::vector<float> dbias(7, 3.0f);
  activate_backward(std::span<float>(), dbias, {}, {}, 0, 7, Activation::tanh);
  EXPECT_EQ(dbias, std::vector<float>(7, 0.0f));
}

TEST(Activation, RefusesSizesThatDisagree) {
  std::vector<float> m(12), b(4);
  EXPECT_THROW(activate(m, b, 4, 3, Activation::relu), Error);
  EXPECT_THROW(activate(m, {}, 4, 4, Activation::relu), Error);
  EXPECT_THROW(activate_backward(m, b, m, b, 3, 4, Activation::relu), Error);
}

}  // namespace
}  // namespace isthmus::kernels
