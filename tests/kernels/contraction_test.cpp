#include "isthmus/kernels/contraction.hpp"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "isthmus/core/error.hpp"

#include "tests/kernels/numbers.hpp"
#include "tests/kernels/targets.hpp"

namespace isthmus::kernels {
namespace {

double squared_slope(Activation a, double y) {
  switch (a) {
    case Activation::identity:
      return 1;
    case Activation::relu:
      return y > 0;
    case Activation::tanh:
      return std::pow(1 - y * y, 2);
    case Activation::sigmoid:
      return std::pow(y * (1 - y), 2);
    case Activation::softplus:
      return std::pow(-std::expm1(-y), 2);
  }
  return 0;
}

TEST(Contraction, EveryTargetAndLengthAgreesWithDouble) {
  constexpr int64_t rows = 37;
  on_every_target([] {
    for (const Activation a : {Activation::identity, Activation::relu, Activation::tanh, Activation::sigmoid,
                               Activation::softplus})
      for (const int64_t units : {1, 5, 16, 17, 100}) {
        auto h = normal(rows, units, 1);
        for (float& y : h) y = 0.9F / (1 + std::exp(-y)) + 0.05F;  // within what every one of them can give
        auto norms = normal(1, units, 2);
        for (float& n : norms) n = std::abs(n);
        const auto g = normal(rows, 1, 3);
        std::vector<float> out(rows), dh(h.size()), dnorms(norms.size());
        contraction(out, h, norms, rows, a);
        contraction_backward(dh, dnorms, g, h, norms, rows, a);
        std::vector<double> sums(norms.size());
        for (size_t r = 0; r < rows; ++r) {
          double sum = 0;
          for (size_t j = 0; j < norms.size(); ++j) {
            const size_t at = r * norms.size() + j;
            const double y = h[at];
            const double slope = squared_slope(a, y);
            sum += slope * norms[j];
            sums[j] += g[r] * slope;
            constexpr double small = 1e-5;
            const double change = (squared_slope(a, y + small) - squared_slope(a, y - small)) / (2 * small);
            EXPECT_NEAR(dh[at], g[r] * norms[j] * change, 1e-5 * (1 + std::abs(g[r] * norms[j])));
          }
          EXPECT_NEAR(out[r], sum, 1e-5 * (1 + sum));
        }
        for (size_t j = 0; j < norms.size(); ++j) EXPECT_NEAR(dnorms[j], sums[j], 1e-4);
      }
  });
}

TEST(Contraction, ThreadsDoNotChangeABit) {
  const auto h = normal(500, 200, 1);
  const auto norms = normal(1, 200, 2);
  const auto g = normal(500, 1, 3);
  std::vector<float> first(200), dh(h.size());
  with_threads(1, [&] { contraction_backward(dh, first, g, h, norms, 500, Activation::sigmoid); });
  for (const int threads : {2, 5}) {
    std::vector<float> again(200);
    with_threads(threads, [&] { contraction_backward(dh, again, g, h, norms, 500, Activation::sigmoid); });
    EXPECT_EQ(again, first);
  }
}

TEST(RowSquares, AndTheirGradientAgreeWithDouble) {
  on_every_target([] {
    for (const int64_t columns : {1, 7, 16, 33, 40, 784}) {
      constexpr int64_t rows = 60;
      const auto weight = normal(rows, columns, 4);
      const auto scale = normal(rows, 1, 5);
      std::vector<float> norms(rows);
      row_squares(norms, weight, columns);
      const auto before = normal(rows, columns, 6);
      auto added = before;
      auto out = before;
      row_squares_backward(added, scale, weight, columns, true);
      row_squares_backward(out, scale, weight, columns, false);
      for (size_t r = 0; r < rows; ++r) {
        double sum = 0;
        for (size_t i = r * static_cast<size_t>(columns); i < (r + 1) * static_cast<size_t>(columns); ++i) {
          sum += static_cast<double>(weight[i]) * weight[i];
          EXPECT_NEAR(added[i], before[i] + 2.0 * scale[r] * weight[i], 1e-5);
          EXPECT_NEAR(out[i], 2.0 * scale[r] * weight[i], 1e-5);
        }
        EXPECT_NEAR(norms[r], sum, 2e-6 * (1 + sum));
      }
    }
  });
}

TEST(Contraction, RefusesSizesThatDisagree) {
  std::vector<float> two(2), three(3), six(6);
  EXPECT_THROW(row_squares(two, three, 3), Error);
  EXPECT_THROW(contraction(two, six, two, 2, Activation::relu), Error);
  EXPECT_THROW(contraction(three, six, three, 2, Activation::relu), Error);
  EXPECT_THROW(contraction_backward(six, two, two, six, three, 2, Activation::relu), Error);
  EXPECT_THROW(contraction_backward(three, three, two, six, three, 2, Activation::relu), Error);
  EXPECT_THROW(row_squares_backward(three, two, six, 3, true), Error);
}

}  // namespace
}  // namespace isthmus::kernels
