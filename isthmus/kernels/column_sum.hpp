#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "isthmus/kernels/parallel.hpp"

namespace isthmus::kernels {

/// Calls body(first row, end row, sums) for chunks of the rows of a [rows, columns] matrix, on several
/// threads; body adds its rows to sums[columns], which starts at 0. The sums of all chunks are added in
/// order, in double, so they are the same bits on any number of threads, and become `out`, or are added to it
/// where `add`. When `out` is empty nobody wants them, and body gets a null pointer.
template <class Body>
void sum_columns(std::span<float> out, bool add, int64_t rows, int64_t columns, const Body& body) {
  const int64_t chunk = std::max<int64_t>(16, rows_of_chunk(columns));
  std::vector<float> sums(out.empty() ? 0 : static_cast<size_t>(ceil_div(rows, chunk) * columns));
  parallel_for(rows, chunk, rows * columns, [&](int64_t begin, int64_t end) {
    body(begin, end, out.empty() ? nullptr : sums.data() + begin / chunk * columns);
  });
  if (out.empty()) return;
  parallel_for(columns, 64, static_cast<int64_t>(sums.size()), [&](int64_t begin, int64_t end) {
    double total[64] = {};
    for (int64_t row = 0; row < ceil_div(rows, chunk); ++row)
      for (int64_t c = begin; c < end; ++c)
        total[c - begin] += static_cast<double>(sums[static_cast<size_t>(row * columns + c)]);
    for (int64_t c = begin; c < end; ++c) {
      float& to = out[static_cast<size_t>(c)];
      to = (add ? to : 0) + static_cast<float>(total[c - begin]);
    }
  });
}

}  // namespace isthmus::kernels
