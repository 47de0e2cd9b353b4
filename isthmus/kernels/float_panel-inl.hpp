// Columns of a factor laid side by side in memory, compiled once per Highway target. For float_product.cpp.
#if defined(ISTHMUS_KERNELS_FLOAT_PANEL_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef ISTHMUS_KERNELS_FLOAT_PANEL_INL_HPP
#undef ISTHMUS_KERNELS_FLOAT_PANEL_INL_HPP
#else
#define ISTHMUS_KERNELS_FLOAT_PANEL_INL_HPP
#endif

#include <cstddef>

#include <hwy/highway.h>

#include "isthmus/kernels/row_ends-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace isthmus::kernels {
namespace HWY_NAMESPACE {
namespace panel {

namespace hn = hwy::HWY_NAMESPACE;

/// Rows of `columns` numbers, `stride` apart, to rows of `width` numbers, a multiple of the vectors' length;
/// 0 beyond.
inline void CopyRows(float* HWY_RESTRICT to, size_t width, const float* HWY_RESTRICT from, size_t stride,
                     size_t rows, size_t columns) {
  const hn::ScalableTag<float> d;
  for (size_t row = 0; row < rows; ++row, to += width, from += stride)
    for (size_t j = 0; j < width; j += hn::Lanes(d))
      hn::StoreU(rows::Load(d, from + j, columns - j), d, to + j);
}

/// The numbers from row and column `begin_row`, `begin` on, to `end`, of TurnColumns.
inline void TurnOneByOne(float* HWY_RESTRICT to, size_t width, const float* HWY_RESTRICT from, size_t stride,
                         size_t begin_row, size_t rows, size_t begin, size_t end, size_t columns) {
  for (size_t j = begin; j < end; ++j)
    for (size_t i = begin_row; i < rows; ++i) to[i * width + j] = j < columns ? from[j * stride + i] : 0.0f;
}

#if HWY_TARGET != HWY_SCALAR

/// Four rows of four numbers, transposed.
HWY_INLINE void TurnFour(float* HWY_RESTRICT to, size_t width, const float* HWY_RESTRICT from,
                         size_t stride) {
  const hn::CappedTag<float, 4> d;
  const hn::Repartition<double, decltype(d)> pairs;
  const auto a = hn::LoadU(d, from), b = hn::LoadU(d, from + stride);
  const auto c = hn::LoadU(d, from + 2 * stride), e = hn::LoadU(d, from + 3 * stride);
  const auto ab = hn::BitCast(pairs, hn::InterleaveLower(d, a, b));
  const auto ce = hn::BitCast(pairs, hn::InterleaveLower(d, c, e));
  const auto ab_upper = hn::BitCast(pairs, hn::InterleaveUpper(d, a, b));
  const auto ce_upper = hn::BitCast(pairs, hn::InterleaveUpper(d, c, e));
  hn::StoreU(hn::BitCast(d, hn::InterleaveLower(pairs, ab, ce)), d, to);
  hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(pairs, ab, ce)), d, to + width);
  hn::StoreU(hn::BitCast(d, hn::InterleaveLower(pairs, ab_upper, ce_upper)), d, to + 2 * width);
  hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(pairs, ab_upper, ce_upper)), d, to + 3 * width);
}

#endif

/// Columns of `rows` numbers, `stride` apart, to rows of `width` numbers; 0 beyond.
inline void TurnColumns(float* HWY_RESTRICT to, size_t width, const float* HWY_RESTRICT from, size_t stride,
                        size_t rows, size_t columns) {
  size_t j = 0;
#if HWY_TARGET != HWY_SCALAR
  for (; j + 4 <= columns; j += 4) {
    size_t i = 0;
    for (; i + 4 <= rows; i += 4) TurnFour(to + i * width + j, width, from + j * stride + i, stride);
    TurnOneByOne(to, width, from, stride, i, rows, j, j + 4, columns);
  }
#endif
  TurnOneByOne(to, width, from, stride, 0, rows, j, width, columns);
}

}  // namespace panel
}  // namespace HWY_NAMESPACE
}  // namespace isthmus::kernels
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
