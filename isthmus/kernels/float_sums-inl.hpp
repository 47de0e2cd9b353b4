// Tiles of a float32 product, summed up in registers, compiled once per Highway target. For
// float_product.cpp.
#if defined(ISTHMUS_KERNELS_FLOAT_SUMS_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef ISTHMUS_KERNELS_FLOAT_SUMS_INL_HPP
#undef ISTHMUS_KERNELS_FLOAT_SUMS_INL_HPP
#else
#define ISTHMUS_KERNELS_FLOAT_SUMS_INL_HPP
#endif

#include <cstddef>
#include <type_traits>

#include <hwy/highway.h>

#include "isthmus/kernels/row_ends-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace isthmus::kernels {
namespace HWY_NAMESPACE {
namespace sums {

namespace hn = hwy::HWY_NAMESPACE;
using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

// As many sums as the registers hold beside what they are summed from: 32 of them, or 16.
constexpr bool many_registers = hn::MaxLanes(D()) >= 16 || HWY_ARCH_ARM_A64;
constexpr size_t tile_rows = many_registers ? 8 : 6;
constexpr size_t tile_vectors = many_registers ? 3 : 2;
constexpr size_t dot_rows = many_registers ? 4 : 2;
constexpr size_t dot_columns = 4;

/// Numbers (i, p) of a factor stand at data[i * by_row + p * by_depth].
struct Left {
  const float* data;
  size_t by_row;
  size_t by_depth;
};

/// Where sums go. `start` is what the first row's are added to, the next rows' lie `start_stride` further on;
/// or null.
struct Sums {
  float* data;
  size_t stride;
  const float* start;
  size_t start_stride;
};

/// Sums of `rows` rows, of vectors the last of which has `last` numbers: over the depth, Left's number times
/// a row of the panel, whose rows lie `stride` apart.
template <size_t rows, size_t vectors>
HWY_NOINLINE void SumTile(const Sums& out, size_t last, const Left& left, const float* HWY_RESTRICT panel,
                          size_t stride, size_t depth) {
  const D d;
  const size_t lanes = hn::Lanes(d);
  V sums[rows][vectors];
#pragma GCC unroll 8
  for (size_t i = 0; i < rows; ++i)
#pragma GCC unroll 8
    for (size_t j = 0; j < vectors; ++j) sums[i][j] = hn::Zero(d);
  const float* HWY_RESTRICT a = left.data;
  for (size_t p = 0; p < depth; ++p, a += left.by_depth, panel += stride) {
    V b[vectors];
#pragma GCC unroll 8
    for (size_t j = 0; j < vectors; ++j) b[j] = hn::LoadU(d, panel + j * lanes);
#pragma GCC unroll 8
    for (size_t i = 0; i < rows; ++i) {
      const V number = hn::Set(d, a[i * left.by_row]);
#pragma GCC unroll 8
      for (size_t j = 0; j < vectors; ++j) sums[i][j] = hn::MulAdd(number, b[j], sums[i][j]);
    }
  }
#pragma GCC unroll 8
  for (size_t i = 0; i < rows; ++i)
#pragma GCC unroll 8
    for (size_t j = 0; j < vectors; ++j) {
      const size_t n = j + 1 < vectors ? lanes : last;
      V sum = sums[i][j];
      if (out.start) sum = hn::Add(sum, rows::Load(d, out.start + i * out.start_stride + j * lanes, n));
      rows::Store(sum, d, out.data + i * out.stride + j * lanes, n);
    }
}

#if HWY_TARGET != HWY_SCALAR

/// The sum of each block of four lanes, into one such block.
template <class DV>
HWY_INLINE auto SumOfBlocks(DV d, hn::Vec<DV> v) {
  if constexpr (hn::MaxLanes(d) <= 4) {
    return v;
  } else {
    const hn::Half<DV> half;
    return SumOfBlocks(half, hn::Add(hn::LowerHalf(half, v), hn::UpperHalf(half, v)));
  }
}

/// The sums of the lanes of each of four vectors.
HWY_INLINE auto SumsOfLanes(V a, V b, V c, V e) {
  const D d;
  const hn::Repartition<double, D> pairs;
  const auto two = hn::BitCast(pairs, hn::Add(hn::InterleaveLower(d, a, b), hn::InterleaveUpper(d, a, b)));
  const auto others = hn::BitCast(pairs, hn::Add(hn::InterleaveLower(d, c, e), hn::InterleaveUpper(d, c, e)));
  return SumOfBlocks(d, hn::Add(hn::BitCast(d, hn::InterleaveLower(pairs, two, others)),
                                hn::BitCast(d, hn::InterleaveUpper(pairs, two, others))));
}

/// Adds products of the numbers at a and b that `load` takes.
template <size_t rows, size_t columns, class Load>
HWY_INLINE void AddDots(V (&sums)[rows][dot_columns], const float* a, size_t stride_a, const float* b,
                        size_t stride_b, const Load& load) {
  V right[columns];
#pragma GCC unroll 8
  for (size_t j = 0; j < columns; ++j) right[j] = load(b + j * stride_b);
#pragma GCC unroll 8
  for (size_t i = 0; i < rows; ++i) {
    const V left = load(a + i * stride_a);
#pragma GCC unroll 8
    for (size_t j = 0; j < columns; ++j) sums[i][j] = hn::MulAdd(left, right[j], sums[i][j]);
  }
}

/// Sums of `rows` by `columns` numbers: rows of `a` times rows of `b`, of `depth` numbers each.
template <size_t rows, size_t columns>
HWY_NOINLINE void SumDots(const Sums& out, const float* HWY_RESTRICT a, size_t stride_a,
                          const float* HWY_RESTRICT b, size_t stride_b, size_t depth) {
  const D d;
  const size_t lanes = hn::Lanes(d);
  V sums[rows][dot_columns];
#pragma GCC unroll 8
  for (size_t i = 0; i < rows; ++i)
#pragma GCC unroll 8
    for (size_t j = 0; j < dot_columns; ++j) sums[i][j] = hn::Zero(d);
  size_t p = 0;
  for (; p + lanes <= depth; p += lanes)
    AddDots<rows, columns>(sums, a + p, stride_a, b + p, stride_b,
                           [&](const float* from) HWY_ATTR { return hn::LoadU(d, from); });
  if (p < depth)
    AddDots<rows, columns>(sums, a + p, stride_a, b + p, stride_b, [&](const float* from) HWY_ATTR {
      return rows::LoadPart(d, from, depth - p, 0.0f);
    });
  const hn::CappedTag<float, dot_columns> four;
#pragma GCC unroll 8
  for (size_t i = 0; i < rows; ++i) {
    auto sum = SumsOfLanes(sums[i][0], sums[i][1], sums[i][2], sums[i][3]);
    if (out.start) sum = hn::Add(sum, rows::Load(four, out.start + i * out.start_stride, columns));
    rows::Store(sum, four, out.data + i * out.stride, columns);
  }
}

#endif  // not HWY_SCALAR

/// Calls `body` with n, of 1 … most, as a constant.
template <size_t most, class Body>
HWY_INLINE void WithConstant(size_t n, const Body& body) {
  if constexpr (most > 1) {
    if (n < most) return WithConstant<most - 1>(n, body);
  }
  body(std::integral_constant<size_t, most>());
}

}  // namespace sums
}  // namespace HWY_NAMESPACE
}  // namespace isthmus::kernels
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
