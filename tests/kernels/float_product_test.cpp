#include "isthmus/kernels/float_product.hpp"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "isthmus/core/error.hpp"

#include "tests/kernels/matrices.hpp"
#include "tests/kernels/targets.hpp"

namespace isthmus::kernels {
namespace {

// Whole tiles and parts of them; dots and tiles; more than one run of sums, and more than one panel's depth.
constexpr Sizes sizes[] = {{1, 1, 1},     {8, 64, 48},   {9, 65, 49},     {3, 50, 100},   {100, 70, 47},
                           {40, 1100, 9}, {65, 31, 33},  {130, 300, 70},  {20, 200, 790}, {7, 3, 2},
                           {150, 7, 20},  {49, 530, 51}, {260, 2050, 19}, {64, 784, 200}};

/// What float32 sums in runs of 256 stay far within.
double most(const Matrix<float>& a, const Matrix<float>& b, int64_t row, int64_t column, double start) {
  double sum = std::abs(start);
  for (int64_t d = 0; d < a.factor.columns; ++d) sum += std::abs(a.at(row, d) * b.at(d, column));
  return 3e-6 * sum;
}

TEST(FloatProduct, IsTheSumOfProductsInAnyLayout) {
  on_every_target([] {
    for (const auto& [m, k, n] : sizes)
      for (const bool left_by_columns : {false, true})
        for (const bool right_by_columns : {false, true})
          for (const AddTo to : {AddTo::nothing, AddTo::bias, AddTo::out}) {
            const Matrix<float> a(m, k, left_by_columns, 2, 1);
            const Matrix<float> b(k, n, right_by_columns, 1, 2);
            std::vector<float> bias(to == AddTo::bias ? static_cast<size_t>(n) : 0);
            for (size_t i = 0; i < bias.size(); ++i) bias[i] = static_cast<float>(i);
            Out out(m, n);
            float_product(out.rows, a.factor, b.factor, to, bias);
            const int64_t step = m * n * k > 20'000 ? 13 : 1;  // of a large one, some numbers
            for (int64_t i = 0; i < m; i += step)
              for (int64_t j = i % step; j < n; j += step) {
                const double start = to == AddTo::out ? 0.5 : to == AddTo::bias ? static_cast<double>(j) : 0;
                double sum = start;
                for (int64_t d = 0; d < k; ++d) sum += a.at(i, d) * b.at(d, j);
                ASSERT_NEAR(static_cast<double>(out.at(i, j)), sum, most(a, b, i, j, start))
                    << m << " " << k << " " << n << " at " << i << " " << j;
              }
            for (int64_t i = 0; i < m + 16; ++i)
              for (int64_t j = i < m ? n : 0; j < n + 3; ++j)
                ASSERT_EQ(out.at(i, j), 0.5f) << "beyond the edge";
          }
  });
}

TEST(FloatProduct, HasTheSameBitsOnAnyNumberOfThreads) {
  for (const auto& [m, k, n] : sizes)
    for (const bool left_by_columns : {false, true})
      for (const bool right_by_columns : {false, true}) {
        const Matrix<float> a(m, k, left_by_columns, 0, 1);
        const Matrix<float> b(k, n, right_by_columns, 0, 2);
        Out one(m, n);
        Out three(m, n);
        with_threads(1, [&] { float_product(one.rows, a.factor, b.factor, AddTo::out); });
        with_threads(3, [&] { float_product(three.rows, a.factor, b.factor, AddTo::out); });
        EXPECT_EQ(one.numbers, three.numbers) << m << " " << k << " " << n;
      }
}

TEST(FloatProduct, LongSumsKeepTheirDigits) {
  // One float32 sum of 100,000 times 1 + 1/1024 would round what it adds last to 1, and be some 40 too small.
  const int64_t depth = 100'000;
  const std::vector<float> ones(static_cast<size_t>(depth), 1.0f);
  const std::vector<float> numbers(static_cast<size_t>(depth), 1.0f + 1.0f / 1024);
  for (const bool dots : {false, true}) {
    Out out(1, 1);
    float_product(out.rows, {ones.data(), 1, depth, dots ? depth : 1, !dots},
                  {numbers.data(), depth, 1, dots ? depth : 1, dots});
    EXPECT_NEAR(static_cast<double>(out.at(0, 0)), 100'000 * (1 + 1.0 / 1024), 0.5);
  }
}

TEST(FloatProduct, OfNoDepthIsWhatItIsAddedTo) {
  const Matrix<float> a(5, 1, false, 0, 1);
  const Matrix<float> b(1, 7, false, 0, 2);
  const Factor<float> left{a.numbers.data(), 5, 0, 1};
  const Factor<float> right{b.numbers.data(), 0, 7, 7};
  Out out(5, 7);
  float_product(out.rows, left, right, AddTo::out);
  EXPECT_EQ(out.at(4, 6), 0.5f);
  float_product(out.rows, left, right, AddTo::bias, std::vector<float>{0, 1, 2, 3, 4, 5, 6});
  EXPECT_EQ(out.at(4, 6), 6);
  float_product(out.rows, left, right);
  EXPECT_EQ(out.at(4, 6), 0);
}

TEST(FloatProduct, RefusesShapesThatDoNotAgree) {
  const Matrix<float> a(5, 4, false, 0, 1);
  const Matrix<float> b(4, 7, false, 0, 2);
  Out out(5, 7);
  Out other(5, 6);
  EXPECT_THROW(float_product(out.rows, a.factor, a.factor), Error);
  EXPECT_THROW(float_product(other.rows, a.factor, b.factor), Error);
  EXPECT_THROW(float_product(out.rows, a.factor, b.factor, AddTo::bias, std::vector<float>(6)), Error);
}

}  // namespace
}  // namespace isthmus::kernels
