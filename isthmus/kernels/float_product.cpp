#include "isthmus/kernels/float_product.hpp"

#include <algorithm>

#include <omp.h>

#include "isthmus/kernels/parallel.hpp"
#include "isthmus/kernels/product_shapes.hpp"
#include "isthmus/kernels/scratch.hpp"
#include "isthmus/kernels/simd.hpp"

#ifndef ISTHMUS_KERNELS_FLOAT_PRODUCT_ONCE
#define ISTHMUS_KERNELS_FLOAT_PRODUCT_ONCE
namespace isthmus::kernels {

/// What one thread computes: out = a b, to which a bias (null, or a number a column) or `out` itself is
/// added.
struct PartOfProduct {
  Rows out;
  Factor<float> a;
  Factor<float> b;
  const float* bias;
  bool adds_to_out;
  bool by_dots;  // of rows of a and columns of b, which lie in one piece, instead of by tiles

  PartOfProduct of_rows(int64_t begin, int64_t end) const {
    PartOfProduct part = *this;
    part.out.data += begin * out.stride;
    part.out.rows = part.a.rows = end - begin;
    part.a.data += a.by_columns ? begin : begin * a.stride;
    return part;
  }
  PartOfProduct of_columns(int64_t begin, int64_t end) const {
    PartOfProduct part = *this;
    part.out.data += begin;
    part.out.columns = part.b.columns = end - begin;
    part.b.data += b.by_columns ? begin * b.stride : begin;
    if (bias) part.bias += begin;
    return part;
  }
};

}  // namespace isthmus::kernels
#endif

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "isthmus/kernels/float_product.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "isthmus/kernels/float_panel-inl.hpp"
#include "isthmus/kernels/float_sums-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace isthmus::kernels {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using sums::Sums;

// A panel is so deep at most, to stay in the second-level cache; sums are formed of so many products, for a
// long sum in float32 loses digits.
constexpr size_t deepest_panel = 1024;
constexpr size_t deepest_sum = 256;
// So few rows of sums read rows of a factor where they lie; more are worth laying them side by side.
constexpr size_t rows_in_place = 48;

/// Of at most so many; one where there is nothing.
constexpr size_t Parts(size_t n, size_t most) {
  return std::max<size_t>(1, ceil_div(n, most));
}

/// The sums of `part` from (row, column) on, of which those from `depth` on are to be added.
Sums At(const PartOfProduct& part, size_t row, size_t column, size_t depth) {
  const auto stride = static_cast<size_t>(part.out.stride);
  float* out = part.out.data + row * stride + column;
  if (depth > 0 || part.adds_to_out) return {out, stride, out, stride};
  return {out, stride, part.bias ? part.bias + column : nullptr, 0};
}

/// Sums of products of a range of the depth, in tiles that are `columns` wide.
void Columns(const PartOfProduct& part, size_t column, size_t columns, size_t begin, size_t end) {
  static thread_local Scratch<float> memory;
  const size_t lanes = hn::Lanes(sums::D());
  const size_t vectors = Parts(columns, lanes);
  const auto stride = static_cast<size_t>(part.b.stride);
  const auto rows = static_cast<size_t>(part.out.rows);
  const float* beside = part.b.data + (part.b.by_columns ? column * stride + begin : begin * stride + column);
  size_t width = stride;
  if (part.b.by_columns || rows >= rows_in_place || columns < vectors * lanes) {
    width = vectors * lanes;
    float* const to = memory.of(width * (end - begin));
    (part.b.by_columns ? panel::TurnColumns : panel::CopyRows)(to, width, beside, stride, end - begin,
                                                               columns);
    beside = to;
  }
  const auto stride_a = static_cast<size_t>(part.a.stride);
  const size_t by_row = part.a.by_columns ? 1 : stride_a;
  const size_t by_depth = part.a.by_columns ? stride_a : 1;
  const size_t tiles = Parts(rows, sums::tile_rows);
  const size_t runs = Parts(end - begin, deepest_sum);
  for (size_t tile = 0; tile < tiles; ++tile) {
    const size_t row = begin_of_part(rows, tile, tiles);
    for (size_t run = 0; run < runs; ++run) {
      const size_t first = begin_of_part(end - begin, run, runs);
      const size_t depth = begin_of_part(end - begin, run + 1, runs) - first;
      const sums::Left left{part.a.data + row * by_row + (begin + first) * by_depth, by_row, by_depth};
      const Sums out = At(part, row, column, begin + first);
      sums::WithConstant<sums::tile_rows>(
          begin_of_part(rows, tile + 1, tiles) - row, [&](auto height) HWY_ATTR {
            sums::WithConstant<sums::tile_vectors>(vectors, [&](auto across) HWY_ATTR {
              sums::SumTile<height, across>(out, columns - (vectors - 1) * lanes, left,
                                            beside + first * width, width, depth);
            });
          });
    }
  }
}

void Tiles(const PartOfProduct& part) {
  const size_t lanes = hn::Lanes(sums::D());
  const auto columns = static_cast<size_t>(part.out.columns);
  const auto depth = static_cast<size_t>(part.a.columns);
  const size_t vectors = Parts(columns, lanes);
  const size_t panels = Parts(vectors, sums::tile_vectors);
  const size_t blocks = Parts(depth, deepest_panel);
  for (size_t block = 0; block < blocks; ++block)
    for (size_t i = 0; i < panels; ++i) {
      const size_t begin = begin_of_part(vectors, i, panels) * lanes;
      const size_t end = std::min(columns, begin_of_part(vectors, i + 1, panels) * lanes);
      Columns(part, begin, end - begin, begin_of_part(depth, block, blocks),
              begin_of_part(depth, block + 1, blocks));
    }
}

#if HWY_TARGET == HWY_SCALAR
void Dots(const PartOfProduct& part) {
  Tiles(part);  // of one lane they are the same
}
#else
void Dots(const PartOfProduct& part) {
  const auto rows = static_cast<size_t>(part.out.rows);
  const auto columns = static_cast<size_t>(part.out.columns);
  const auto depth = static_cast<size_t>(part.a.columns);
  const auto stride_a = static_cast<size_t>(part.a.stride);
  const auto stride_b = static_cast<size_t>(part.b.stride);
  const size_t heights = Parts(rows, sums::dot_rows);
  const size_t runs = Parts(depth, deepest_sum * hn::Lanes(sums::D()));  // a lane sums up that much less
  for (size_t run = 0; run < runs; ++run) {
    const size_t begin = begin_of_part(depth, run, runs);
    const size_t length = begin_of_part(depth, run + 1, runs) - begin;
    for (size_t column = 0; column < columns; column += sums::dot_columns) {
      const float* const right = part.b.data + column * stride_b + begin;
      for (size_t i = 0; i < heights; ++i) {
        const size_t row = begin_of_part(rows, i, heights);
        const float* const left = part.a.data + row * stride_a + begin;
        const Sums out = At(part, row, column, begin);
        sums::WithConstant<sums::dot_rows>(
            begin_of_part(rows, i + 1, heights) - row, [&](auto height) HWY_ATTR {
              const size_t width = std::min(sums::dot_columns, columns - column);
              sums::WithConstant<sums::dot_columns>(width, [&](auto across) HWY_ATTR {
                sums::SumDots<height, across>(out, left, stride_a, right, stride_b, length);
              });
            });
      }
    }
  }
}
#endif

void Compute(const PartOfProduct& part) {
  if (part.by_dots)
    Dots(part);
  else
    Tiles(part);
}

}  // namespace HWY_NAMESPACE
}  // namespace isthmus::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace isthmus::kernels {
namespace {

HWY_EXPORT(Compute);

// Below so many multiplications the other threads are not worth waking.
constexpr int64_t parallel_products = int64_t{1} << 17;

// Where columns are shared out among threads: every so many, which are a line of memory.
constexpr int64_t column_step = 16;

/// No factor is laid out anew for dots, but what they load serves for fewer sums, and of few products most of
/// the work is to add up lanes.
bool better_by_dots(const Factor<float>& a, const Factor<float>& b) {
  return !a.by_columns && b.by_columns && a.columns >= 64 && a.rows <= 128;
}

/// What so many rows and columns of sums cost a thread. The right factor is laid out, or for dots read from
/// afar, at the cost of so many rows.
int64_t cost(const PartOfProduct& part, int64_t rows, int64_t columns) {
  const int64_t layout = part.by_dots ? 4 : part.b.by_columns ? 8 : 2;
  return (rows + layout) * columns;
}

/// The larger of equal shares of n, in steps.
int64_t share(int64_t n, int64_t parts, int64_t step) {
  return std::min(n, ceil_div(ceil_div(n, step), parts) * step);
}

void compute_on_threads(const PartOfProduct& all) {
  const int64_t rows = all.out.rows;
  const int64_t columns = all.out.columns;
  const int64_t most = omp_get_max_threads();
  const bool shares_columns =
      cost(all, rows, share(columns, most, column_step)) <= cost(all, share(rows, most, 1), columns);
#pragma omp parallel
  {
    const int64_t parts = omp_get_num_threads();
    const int64_t step = shares_columns ? column_step : 1;
    const int64_t whole = shares_columns ? columns : rows;
    const auto begin = [&](int64_t i) {
      return std::min(whole, begin_of_part(ceil_div(whole, step), i, parts) * step);
    };
    const int64_t first = begin(omp_get_thread_num());
    const int64_t last = begin(omp_get_thread_num() + 1);
    if (first < last)
      HWY_DYNAMIC_DISPATCH(Compute)(shares_columns ? all.of_columns(first, last) : all.of_rows(first, last));
  }
}

}  // namespace

void float_product(const Rows& out, const Factor<float>& a, const Factor<float>& b, AddTo to,
                   std::span<const float> bias) {
  check_product("float_product", out, a, b, to, bias);
  if (out.rows == 0 || out.columns == 0) return;
  const PartOfProduct all{
      out, a, b, to == AddTo::bias ? bias.data() : nullptr, to == AddTo::out, better_by_dots(a, b)};
  if (out.rows * out.columns * a.columns < parallel_products)
    HWY_DYNAMIC_DISPATCH(Compute)(all);
  else
    compute_on_threads(all);
}

}  // namespace isthmus::kernels
#endif  // HWY_ONCE
