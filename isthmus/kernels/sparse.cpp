#include "isthmus/kernels/sparse.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "isthmus/core/error.hpp"
#include "isthmus/kernels/parallel.hpp"
#include "isthmus/kernels/simd.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "isthmus/kernels/sparse.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace isthmus::kernels {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using D = hn::ScalableTag<float>;

/// out += Σ values[j] · (row places[j] of b), four rows at a time, since what is slow is to load and store
/// `out`.
void AddRows(float* HWY_RESTRICT out, const int32_t* places, const float* values, size_t count,
             const float* HWY_RESTRICT b, size_t stride, size_t n) {
  const D d;
  const size_t lanes = hn::Lanes(d);
  const auto row = [&](size_t j) { return b + static_cast<size_t>(places[j]) * stride; };
  size_t j = 0;
  for (; j + 4 <= count; j += 4) {
    const float *b0 = row(j), *b1 = row(j + 1), *b2 = row(j + 2), *b3 = row(j + 3);
    const auto v0 = hn::Set(d, values[j]), v1 = hn::Set(d, values[j + 1]);
    const auto v2 = hn::Set(d, values[j + 2]), v3 = hn::Set(d, values[j + 3]);
    size_t i = 0;
    for (; i + lanes <= n; i += lanes) {
      auto sum = hn::MulAdd(v0, hn::LoadU(d, b0 + i), hn::LoadU(d, out + i));
      sum = hn::MulAdd(v1, hn::LoadU(d, b1 + i), sum);
      sum = hn::MulAdd(v2, hn::LoadU(d, b2 + i), sum);
      hn::StoreU(hn::MulAdd(v3, hn::LoadU(d, b3 + i), sum), d, out + i);
    }
    for (; i < n; ++i)
      out[i] += values[j] * b0[i] + values[j + 1] * b1[i] + values[j + 2] * b2[i] + values[j + 3] * b3[i];
  }
  for (; j < count; ++j) {
    const float* b0 = row(j);
    const auto v0 = hn::Set(d, values[j]);
    size_t i = 0;
    for (; i + lanes <= n; i += lanes)
      hn::StoreU(hn::MulAdd(v0, hn::LoadU(d, b0 + i), hn::LoadU(d, out + i)), d, out + i);
    for (; i < n; ++i) out[i] += values[j] * b0[i];
  }
}

float Dot(const float* HWY_RESTRICT a, const float* HWY_RESTRICT b, size_t n) {
  const D d;
  const size_t lanes = hn::Lanes(d);
  auto even = hn::Zero(d), odd = hn::Zero(d);
  size_t i = 0;
  for (; i + 2 * lanes <= n; i += 2 * lanes) {
    even = hn::MulAdd(hn::LoadU(d, a + i), hn::LoadU(d, b + i), even);
    odd = hn::MulAdd(hn::LoadU(d, a + i + lanes), hn::LoadU(d, b + i + lanes), odd);
  }
  for (; i + lanes <= n; i += lanes) even = hn::MulAdd(hn::LoadU(d, a + i), hn::LoadU(d, b + i), even);
  float sum = hn::GetLane(hn::SumOfLanes(d, hn::Add(even, odd)));
  for (; i < n; ++i) sum += a[i] * b[i];
  return sum;
}

void DotRows(float* out, const float* a, const int32_t* places, size_t count, const float* b, size_t stride,
             size_t n) {
  for (size_t j = 0; j < count; ++j) out[j] = Dot(a, b + static_cast<size_t>(places[j]) * stride, n);
}

/// How many of the n numbers are not 0.
size_t Count(const float* x, size_t n) {
  const D d;
  const size_t lanes = hn::Lanes(d);
  size_t count = 0;
  size_t i = 0;
  for (; i + lanes <= n; i += lanes) count += hn::CountTrue(d, hn::Ne(hn::LoadU(d, x + i), hn::Zero(d)));
  for (; i < n; ++i) count += x[i] != 0 ? 1 : 0;
  return count;
}

/// Writes the places and the values of the numbers that are not 0, which Count has counted.
void Compress(const float* x, size_t n, int32_t* places, float* values) {
  const D d;
  const size_t lanes = hn::Lanes(d);
  const auto keep = [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
      if (x[i] == 0) continue;
      *places++ = static_cast<int32_t>(i);
      *values++ = x[i];
    }
  };
  size_t i = 0;
  for (; i + lanes <= n; i += lanes)
    if (!hn::AllTrue(d, hn::Eq(hn::LoadU(d, x + i), hn::Zero(d)))) keep(i, i + lanes);
  keep(i, n);
}

}  // namespace HWY_NAMESPACE
}  // namespace isthmus::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace isthmus::kernels {
namespace {

HWY_EXPORT(AddRows);
HWY_EXPORT(DotRows);
HWY_EXPORT(Count);
HWY_EXPORT(Compress);

/// Calls body(row, first of its numbers, how many) for all rows, on several threads; `each` is the work that
/// a number costs.
template <class Body>
void over_sparse_rows(const SparseRows& matrix, int64_t each, const Body& body) {
  const int64_t chunk = std::max<int64_t>(1, ceil_div(matrix.rows(), 64));
  parallel_for(matrix.rows(), chunk, matrix.count() * each, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const auto first = static_cast<size_t>(matrix.starts[static_cast<size_t>(row)]);
      const auto count = static_cast<size_t>(matrix.starts[static_cast<size_t>(row) + 1]) - first;
      if (count > 0) body(row, first, count);
    }
  });
}

void check(std::string_view who, bool agrees, const SparseRows& a, int64_t m, int64_t n, int64_t k) {
  if (agrees) return;
  throw Error({.who = who,
               .expected = fmt::format("matrices for a sparse one of {} x {}", a.rows(), a.columns),
               .got = fmt::format("{} x {} and {} rows", m, n, k)});
}

}  // namespace

SparseRows SparseRows::of(std::span<const float> dense, int64_t rows, int64_t columns, int64_t most) {
  if (rows < 0 || columns < 0 || static_cast<int64_t>(dense.size()) != rows * columns)
    throw Error({.who = "SparseRows",
                 .expected = fmt::format("a matrix of {} x {}", rows, columns),
                 .got = fmt::format("{} numbers", dense.size())});
  SparseRows out;
  out.columns = columns;
  out.starts.reserve(static_cast<size_t>(rows) + 1);
  size_t count = 0;
  for (int64_t row = 0; row < rows; ++row) {
    count += HWY_DYNAMIC_DISPATCH(Count)(dense.data() + row * columns, static_cast<size_t>(columns));
    if (static_cast<int64_t>(count) > most) return {.columns = columns};
    out.starts.push_back(static_cast<int32_t>(count));
  }
  out.places.resize(count);
  out.values.resize(count);
  for (int64_t row = 0; row < rows; ++row) {
    const int32_t first = out.starts[static_cast<size_t>(row)];
    HWY_DYNAMIC_DISPATCH(Compress)
    (dense.data() + row * columns, static_cast<size_t>(columns), out.places.data() + first,
     out.values.data() + first);
  }
  return out;
}

SparseRows SparseRows::transposed() const {
  SparseRows out;
  out.columns = rows();
  out.starts.assign(static_cast<size_t>(columns) + 1, 0);
  out.places.resize(places.size());
  out.values.resize(values.size());
  for (const int32_t column : places) ++out.starts[static_cast<size_t>(column) + 1];
  for (size_t i = 1; i < out.starts.size(); ++i) out.starts[i] += out.starts[i - 1];
  std::vector<int32_t> next(out.starts.begin(), out.starts.end() - 1);
  for (int64_t row = 0; row < rows(); ++row) {
    const auto end = static_cast<size_t>(starts[static_cast<size_t>(row) + 1]);
    for (auto i = static_cast<size_t>(starts[static_cast<size_t>(row)]); i < end; ++i) {
      const auto to = static_cast<size_t>(next[static_cast<size_t>(places[i])]++);
      out.places[to] = static_cast<int32_t>(row);
      out.values[to] = values[i];
    }
  }
  return out;
}

void add_product(const Rows& out, const SparseRows& a, const ConstRows& b) {
  check("add_product", out.rows == a.rows() && b.rows == a.columns && out.columns == b.columns, a, out.rows,
        out.columns, b.rows);
  over_sparse_rows(a, out.columns, [&](int64_t row, size_t first, size_t count) {
    HWY_DYNAMIC_DISPATCH(AddRows)
    (out.data + row * out.stride, a.places.data() + first, a.values.data() + first, count, b.data,
     static_cast<size_t>(b.stride), static_cast<size_t>(out.columns));
  });
}

std::vector<float> product_at(const SparseRows& at, const ConstRows& a, const ConstRows& b) {
  check("product_at", a.rows == at.rows() && b.rows == at.columns && a.columns == b.columns, at, a.rows,
        a.columns, b.rows);
  std::vector<float> out(at.values.size());
  over_sparse_rows(at, a.columns, [&](int64_t row, size_t first, size_t count) {
    HWY_DYNAMIC_DISPATCH(DotRows)
    (out.data() + first, a.data + row * a.stride, at.places.data() + first, count, b.data,
     static_cast<size_t>(b.stride), static_cast<size_t>(a.columns));
  });
  return out;
}

}  // namespace isthmus::kernels
#endif  // HWY_ONCE
