#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <vector>

#include <gtest/gtest.h>

#include "isthmus/core/error.hpp"
#include "isthmus/kernels/bfloat16.hpp"
#include "isthmus/kernels/matrix.hpp"
#include "isthmus/kernels/philox.hpp"

#include "tests/kernels/targets.hpp"

namespace isthmus::kernels {

// What every kernel for products must do: product(out, a, b, to, bias), of factors of `Number`.

/// Random numbers, by rows or by columns, with a gap of `gap` NaNs after each, which must not count.
template <class Number>
struct Matrix {
  std::vector<Number> numbers;
  Factor<Number> factor;

  Matrix(int64_t rows, int64_t columns, bool by_columns, int64_t gap, uint32_t stream) {
    const int64_t outer = by_columns ? columns : rows;
    const int64_t inner = (by_columns ? rows : columns) + gap;
    std::vector<float> normal(static_cast<size_t>(outer * inner));
    fill_normal(normal, outer, inner, {.seed = 3, .stream = stream}, 0);
    for (int64_t i = 0; i < outer; ++i)
      for (int64_t j = inner - gap; j < inner; ++j)
        normal[static_cast<size_t>(i * inner + j)] = std::numeric_limits<float>::quiet_NaN();
    if constexpr (std::is_same_v<Number, float>) {
      numbers = normal;
    } else {
      numbers.resize(normal.size());
      round_to_bfloat16(numbers, normal);
    }
    factor = {numbers.data(), rows, columns, inner, by_columns};
  }

  double at(int64_t row, int64_t column) const {
    const int64_t i = factor.by_columns ? column * factor.stride + row : row * factor.stride + column;
    const Number number = numbers[static_cast<size_t>(i)];
    if constexpr (std::is_same_v<Number, float>)
      return static_cast<double>(number);
    else
      return static_cast<double>(to_float(number));
  }
};

/// Of a product: [m, k] by [k, n].
struct Sizes {
  int64_t m, k, n;
};

/// [m, n] numbers, in rows that are a few numbers further apart, with rows after them that nobody may write.
struct Out {
  int64_t stride;
  std::vector<float> numbers;
  Rows rows;

  Out(int64_t m, int64_t n)
      : stride(n + 3),
        numbers(static_cast<size_t>((m + 16) * stride), 0.5f),
        rows{numbers.data(), m, n, stride} {}
  double at(int64_t row, int64_t column) const {
    return static_cast<double>(numbers[static_cast<size_t>(row * stride + column)]);
  }
};

/// Against float64 sums, to within `most` of the sum of absolute products; and nothing beyond is touched.
template <class Number, class Product>
void expect_sums_of_products(const Product& product, const Sizes& size, bool left_by_columns,
                             bool right_by_columns, AddTo to, double most) {
  const auto [m, k, n] = size;
  const Matrix<Number> a(m, k, left_by_columns, 2, 1);
  const Matrix<Number> b(k, n, right_by_columns, 1, 2);
  std::vector<float> bias(to == AddTo::bias ? static_cast<size_t>(n) : 0);
  for (size_t i = 0; i < bias.size(); ++i) bias[i] = static_cast<float>(i);
  Out out(m, n);
  product(out.rows, a.factor, b.factor, to, bias);
  const bool large = m * n * k > 2'000'000;  // then some numbers, the last row and column among them
  for (int64_t i = 0; i < m; ++i)
    for (int64_t j = 0; j < n; ++j) {
      if (large && (5 * i + j) % 29 != 0 && (i + 1 != m || j % 7 != 0) && (j + 1 != n || i % 7 != 0))
        continue;
      double sum = to == AddTo::out ? 0.5 : to == AddTo::bias ? static_cast<double>(j) : 0;
      double absolute = sum;
      for (int64_t d = 0; d < k; ++d) {
        sum += a.at(i, d) * b.at(d, j);
        absolute += std::abs(a.at(i, d) * b.at(d, j));
      }
      ASSERT_NEAR(out.at(i, j), sum, most * absolute) << m << " " << k << " " << n << " at " << i << " " << j;
    }
  for (int64_t i = 0; i < m + 16; ++i)
    for (int64_t j = i < m ? n : 0; j < n + 3; ++j) ASSERT_EQ(out.at(i, j), 0.5) << "beyond the edge";
}

template <class Number, class Product, class AllSizes>
void expect_sums_in_any_layout(const Product& product, const AllSizes& sizes, double most) {
  for (const Sizes& size : sizes)
    for (const bool left : {false, true})
      for (const bool right : {false, true})
        for (const AddTo to : {AddTo::nothing, AddTo::bias, AddTo::out})
          expect_sums_of_products<Number>(product, size, left, right, to, most);
}

template <class Number, class Product, class AllSizes>
void expect_same_bits_on_any_threads(const Product& product, const AllSizes& sizes) {
  for (const auto& [m, k, n] : sizes)
    for (const bool left : {false, true})
      for (const bool right : {false, true}) {
        const Matrix<Number> a(m, k, left, 0, 1);
        const Matrix<Number> b(k, n, right, 0, 2);
        Out one(m, n);
        Out three(m, n);
        with_threads(1, [&] { product(one.rows, a.factor, b.factor, AddTo::out, {}); });
        with_threads(3, [&] { product(three.rows, a.factor, b.factor, AddTo::out, {}); });
        EXPECT_EQ(one.numbers, three.numbers) << m << " " << k << " " << n;
      }
}

/// A product of no depth is what it is added to; of no rows it is nothing.
template <class Number, class Product>
void expect_nothing_of_no_depth(const Product& product) {
  const Matrix<Number> a(5, 1, false, 0, 1);
  const Matrix<Number> b(1, 7, false, 0, 2);
  const Factor<Number> left{a.numbers.data(), 5, 0, 1};
  const Factor<Number> right{b.numbers.data(), 0, 7, 7};
  Out out(5, 7);
  product(out.rows, left, right, AddTo::out, {});
  EXPECT_EQ(out.at(4, 6), 0.5);
  product(out.rows, left, right, AddTo::bias, std::vector<float>{0, 1, 2, 3, 4, 5, 6});
  EXPECT_EQ(out.at(4, 6), 6);
  product(out.rows, left, right, AddTo::nothing, {});
  EXPECT_EQ(out.at(4, 6), 0);
  Out none(0, 7);
  product(none.rows, {a.numbers.data(), 0, 1, 1}, b.factor, AddTo::nothing, {});
  EXPECT_EQ(none.numbers.front(), 0.5f);
}

template <class Number, class Product>
void expect_refusals(const Product& product) {
  const Matrix<Number> a(5, 4, false, 0, 1);
  const Matrix<Number> b(4, 7, false, 0, 2);
  Out out(5, 7);
  Out other(5, 6);
  EXPECT_THROW(product(out.rows, a.factor, a.factor, AddTo::nothing, {}), Error);
  EXPECT_THROW(product(other.rows, a.factor, b.factor, AddTo::nothing, {}), Error);
  EXPECT_THROW(product(out.rows, a.factor, b.factor, AddTo::bias, std::vector<float>(6)), Error);
}

}  // namespace isthmus::kernels
