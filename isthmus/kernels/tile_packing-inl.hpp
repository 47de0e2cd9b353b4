#pragma once

// Tiles of bfloat16 numbers, in memory as the tile registers (AMX) load them; pairs of them are what AVX-512
// multiplies. For bfloat16_product.cpp alone.

#include <algorithm>
#include <cstdint>

#include <hwy/base.h>
#include <immintrin.h>

#include "isthmus/kernels/bfloat16_product.hpp"
#include "isthmus/kernels/scratch.hpp"

// What the packing asks the processor for; the ways to add up ask for more.
#define ISTHMUS_PACKING_TARGET "avx512f,avx512bw,avx512dq,avx512vl"

// g++ 12 takes the undefined vectors within its own intrinsics for a mistake of ours (GCC bug 105593).
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
HWY_PUSH_ATTRIBUTES(ISTHMUS_PACKING_TARGET)
namespace isthmus::kernels::tiles {

constexpr int64_t side = 16;        // rows of a tile, and columns of a tile of sums
constexpr int64_t tile_depth = 32;  // numbers in a tile's row: products that one instruction adds up
constexpr int64_t tile_size = side * tile_depth;

/// The rows of a tile.
struct TileRows {
  __m512i row[side];
};

/// The numbers 16 `outer` × 32 `depth` of a factor, as a tile wants them. A left factor's outer dimension is
/// its rows, a right one's its columns; the depth is the dimension that is summed over.
struct Source {
  const Bfloat16* data;
  int64_t outer;
  int64_t depth;
  int64_t stride;
  bool by_depth;  // numbers along the depth lie side by side, else those along `outer`

  static Source left(const Factor<Bfloat16>& a) {
    return {a.data, a.rows, a.columns, a.stride, !a.by_columns};
  }
  static Source right(const Factor<Bfloat16>& b) { return left(b.transposed()); }
};

HWY_INLINE __mmask16 first_of_16(int64_t n) {
  return static_cast<__mmask16>(n >= 16 ? 0xFFFF : (1U << std::max<int64_t>(n, 0)) - 1);
}
HWY_INLINE __mmask32 first_of_32(int64_t n) {
  return n >= 32 ? 0xFFFFFFFFU : (1U << std::max<int64_t>(n, 0)) - 1;
}

/// Row i: 32 numbers along the depth, of outer i.
HWY_INLINE void load_rows(TileRows& rows, const Bfloat16* p, int64_t stride, int64_t outer, int64_t deep) {
  const __mmask32 mask = first_of_32(deep);
#pragma GCC unroll 16
  for (int64_t i = 0; i < side; ++i)
    rows.row[i] = i < outer ? _mm512_maskz_loadu_epi16(mask, p + i * stride) : _mm512_setzero_si512();
}

/// Those of the 16 numbers of row i that `mask` names, each in 32 bits; 0 from row `end` on.
HWY_INLINE __m512i widened(__mmask16 mask, const Bfloat16* p, int64_t stride, int64_t i, int64_t end) {
  return _mm512_cvtepu16_epi32(i < end ? _mm256_maskz_loadu_epi16(mask, p + i * stride)
                                       : _mm256_setzero_si256());
}

/// Row i: the numbers 2i and 2i + 1 along the depth, side by side, of 16 along `outer`.
HWY_INLINE void load_pairs(TileRows& rows, const Bfloat16* p, int64_t stride, int64_t outer, int64_t deep) {
  const __mmask16 mask = first_of_16(outer);
#pragma GCC unroll 16
  for (int64_t i = 0; i < side; ++i)
    rows.row[i] = _mm512_or_si512(widened(mask, p, stride, 2 * i, deep),
                                  _mm512_slli_epi32(widened(mask, p, stride, 2 * i + 1, deep), 16));
}

/// Sixteen rows of sixteen 32-bit numbers, transposed.
HWY_INLINE void transpose(TileRows& rows) {
  __m512i* r = rows.row;
  TileRows other;
  __m512i* t = other.row;
#pragma GCC unroll 16
  for (int i = 0; i < 8; ++i) {
    t[2 * i] = _mm512_unpacklo_epi32(r[2 * i], r[2 * i + 1]);
    t[2 * i + 1] = _mm512_unpackhi_epi32(r[2 * i], r[2 * i + 1]);
  }
#pragma GCC unroll 16
  for (int i = 0; i < 4; ++i) {
    r[4 * i] = _mm512_unpacklo_epi64(t[4 * i], t[4 * i + 2]);
    r[4 * i + 1] = _mm512_unpackhi_epi64(t[4 * i], t[4 * i + 2]);
    r[4 * i + 2] = _mm512_unpacklo_epi64(t[4 * i + 1], t[4 * i + 3]);
    r[4 * i + 3] = _mm512_unpackhi_epi64(t[4 * i + 1], t[4 * i + 3]);
  }
#pragma GCC unroll 16
  for (int i = 0; i < 4; ++i) {
    const __m512i a = _mm512_shuffle_i32x4(r[i], r[4 + i], 0x88);
    const __m512i b = _mm512_shuffle_i32x4(r[i], r[4 + i], 0xDD);
    const __m512i c = _mm512_shuffle_i32x4(r[8 + i], r[12 + i], 0x88);
    const __m512i d = _mm512_shuffle_i32x4(r[8 + i], r[12 + i], 0xDD);
    t[i] = _mm512_shuffle_i32x4(a, c, 0x88);
    t[4 + i] = _mm512_shuffle_i32x4(b, d, 0x88);
    t[8 + i] = _mm512_shuffle_i32x4(a, c, 0xDD);
    t[12 + i] = _mm512_shuffle_i32x4(b, d, 0xDD);
  }
  rows = other;
}

/// Writes the tile of `from` at (outer, deep) to `to`, zeros beyond the edges. A left tile is rows of 32
/// numbers along the depth; a right one holds pairs of them, and is a left one's transpose when every pair is
/// taken as one.
HWY_INLINE void pack_tile(Bfloat16* to, const Source& from, int64_t outer, int64_t deep, bool as_left) {
  TileRows rows;
  if (from.by_depth)
    load_rows(rows, from.data + outer * from.stride + deep, from.stride, from.outer - outer,
              from.depth - deep);
  else
    load_pairs(rows, from.data + deep * from.stride + outer, from.stride, from.outer - outer,
               from.depth - deep);
  if (from.by_depth != as_left) transpose(rows);
  for (const __m512i& row : rows.row) {
    _mm512_store_si512(to, row);
    to += tile_depth;
  }
}

/// Tiles of a part of a factor, [outer tiles, depth tiles], in memory that a thread keeps.
class Panel {
 public:
  void reserve(int64_t tiles) { tiles_ = memory_.of(static_cast<size_t>(tiles * tile_size)); }
  Bfloat16* at(int64_t tile) const { return tiles_ + tile * tile_size; }

 private:
  Scratch<Bfloat16> memory_;
  Bfloat16* tiles_ = nullptr;
};

/// A range of a factor's tiles, along its outer dimension and along the depth.
struct Range {
  int64_t outer_begin;
  int64_t outer_tiles;
  int64_t depth_begin;
  int64_t depth_tiles;

  int64_t size() const { return outer_tiles * depth_tiles; }
};

/// Where sums go.
struct Output {
  Rows c;
  AddTo to;
  const float* bias;  // padded to whole tiles
};

/// Forms the sums from (row, column) on, of one or two by one or two tiles, from packed tiles of both factors
/// that lie one after the other along the depth.
using SumTiles = void (*)(const Output& out, int64_t row, int64_t column, const Bfloat16* left,
                          const Bfloat16* right, int64_t depth_tiles);

/// How a thread forms sums: what it does before and after, and the sums of `high` by `wide` tiles. Below
/// `parallel_products` multiplications other threads are not worth waking.
struct Summing {
  int64_t parallel_products;
  void (*begin)();
  void (*end)();
  SumTiles sums[2][2];  // [high - 1][wide - 1]
};

}  // namespace isthmus::kernels::tiles
HWY_POP_ATTRIBUTES

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif
