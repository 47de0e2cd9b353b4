#pragma once

#include <cstdint>
#include <limits>
#include <type_traits>
#include <vector>

#include "isthmus/kernels/bfloat16.hpp"
#include "isthmus/kernels/matrix.hpp"
#include "isthmus/kernels/philox.hpp"

namespace isthmus::kernels {

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
  float at(int64_t row, int64_t column) const { return numbers[static_cast<size_t>(row * stride + column)]; }
};

}  // namespace isthmus::kernels
