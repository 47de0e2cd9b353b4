#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "isthmus/kernels/matrix.hpp"

namespace isthmus::kernels {

/// A matrix of which few numbers are not 0, row after row (compressed sparse rows): row i has the numbers
/// values[starts[i]] … values[starts[i + 1] − 1], which stand in the columns of the same places.
struct SparseRows {
  int64_t columns = 0;
  std::vector<int32_t> starts{0};
  std::vector<int32_t> places = {};
  std::vector<float> values = {};

  int64_t rows() const { return static_cast<int64_t>(starts.size()) - 1; }
  int64_t count() const { return static_cast<int64_t>(values.size()); }

  /// The numbers of a row-major [rows, columns] matrix that are not 0. Gives up, with no rows, once they are
  /// more than `most`. Throws Error when the size does not agree.
  static SparseRows of(std::span<const float> dense, int64_t rows, int64_t columns, int64_t most);

  SparseRows transposed() const;
};

/// out += a b: [m, n] += [m, k] [k, n]. The same bits on any number of threads. Throws Error when shapes do
/// not agree.
void add_product(const Rows& out, const SparseRows& a, const ConstRows& b);

/// For every number of `at`, the product at its place of a bᵀ, [m, n] [k, n]ᵀ: at.count() numbers in the
/// order of at.values. Throws Error when shapes do not agree.
std::vector<float> product_at(const SparseRows& at, const ConstRows& a, const ConstRows& b);

}  // namespace isthmus::kernels
