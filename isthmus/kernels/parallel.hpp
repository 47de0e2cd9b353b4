#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace isthmus::kernels {

/// Numbers that a kernel must touch before a team of threads is worth waking (a few microseconds).
constexpr int64_t parallel_threshold = int64_t{1} << 15;

constexpr int64_t ceil_div(int64_t a, int64_t b) {
  return (a + b - 1) / b;
}
constexpr size_t ceil_div(size_t a, size_t b) {
  return (a + b - 1) / b;
}

/// Where the i-th of `parts` nearly equal parts of n begins.
template <class Int>
constexpr Int begin_of_part(Int n, Int i, Int parts) {
  return n * i / parts;
}

/// Calls body(begin, end) for every chunk of [0, count). Where the chunks lie depends on `count` and `chunk`
/// alone, never on the number of threads: a kernel that writes each result from one chunk, or combines one
/// partial result a chunk in the order of the chunks, therefore gives the same bits on any number of threads.
/// `work` is the count of numbers touched in all; below parallel_threshold everything runs on the calling
/// thread. What `body` throws ends the program.
template <class Body>
void parallel_for(int64_t count, int64_t chunk, int64_t work, const Body& body) {
  const int64_t chunks = ceil_div(count, chunk);
  const auto run = [&](int64_t i) { body(i * chunk, std::min(count, (i + 1) * chunk)); };
  if (chunks < 2 || work < parallel_threshold) {
    for (int64_t i = 0; i < chunks; ++i) run(i);
    return;
  }
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < chunks; ++i) run(i);
}

/// Rows of `columns` numbers that are worth a chunk of their own.
constexpr int64_t rows_of_chunk(int64_t columns) {
  return std::max<int64_t>(1, 8192 / std::max<int64_t>(columns, 1));
}

/// Calls body(row) for every row of a [rows, columns] matrix.
template <class Body>
void over_rows(int64_t rows, int64_t columns, const Body& body) {
  parallel_for(rows, rows_of_chunk(columns), rows * columns, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) body(row);
  });
}

}  // namespace isthmus::kernels
