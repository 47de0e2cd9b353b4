#pragma once

#include <cstdint>

namespace isthmus::kernels {

/// A matrix of rows without gaps inside, `stride` numbers apart.
struct Rows {
  float* data;
  int64_t rows;
  int64_t columns;
  int64_t stride;
};
struct ConstRows {
  const float* data;
  int64_t rows;
  int64_t columns;
  int64_t stride;
};

/// A factor of a product, [rows, columns]: its rows without gaps inside and `stride` numbers apart, or, where
/// `by_columns`, its columns so.
template <class Number>
struct Factor {
  const Number* data;
  int64_t rows;
  int64_t columns;
  int64_t stride;
  bool by_columns = false;

  Factor transposed() const { return {data, columns, rows, stride, !by_columns}; }
};

/// What a product is added to: nothing, a bias [columns] in every row, or what the output holds.
enum class AddTo { nothing, bias, out };

}  // namespace isthmus::kernels
