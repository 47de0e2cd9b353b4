#pragma once

// Sums of products of packed tiles, pair by pair in the vectors of AVX-512 BF16. For bfloat16_product.cpp
// alone.

#include <algorithm>
#include <cstdint>
#include <cstring>

#include <hwy/base.h>
#include <immintrin.h>

#include "isthmus/kernels/parallel.hpp"
#include "isthmus/kernels/tile_packing-inl.hpp"

HWY_PUSH_ATTRIBUTES(ISTHMUS_PACKING_TARGET ",avx512bf16")
namespace isthmus::kernels::tiles {

// So many rows of one or two vectors of sums leave registers for what they are summed from.
constexpr int64_t rows_at_once = 8;

/// The numbers 2p and 2p + 1 along the depth, in all lanes.
HWY_INLINE __m512bh pair_everywhere(const Bfloat16* p) {
  int pair = 0;
  std::memcpy(&pair, p, sizeof pair);
  return reinterpret_cast<__m512bh>(_mm512_set1_epi32(pair));
}

/// Pairs of 16 columns.
HWY_INLINE __m512bh pairs_at(const Bfloat16* p) {
  return reinterpret_cast<__m512bh>(_mm512_load_si512(p));
}

/// Sums of `rows` rows of `wide` tiles; `left` points to the first row, in its first tile.
template <int rows, int wide>
void sum_rows(const Output& out, int64_t row, int64_t column, const Bfloat16* left, const Bfloat16* right,
              int64_t depth_tiles) {
  __m512 sums[rows][wide];
  __mmask16 inside[wide];
#pragma GCC unroll 2
  for (int j = 0; j < wide; ++j) inside[j] = first_of_16(out.c.columns - column - j * side);
#pragma GCC unroll 8
  for (int i = 0; i < rows; ++i)
#pragma GCC unroll 2
    for (int j = 0; j < wide; ++j)
      sums[i][j] =
          out.to == AddTo::nothing ? _mm512_setzero_ps()
          : out.to == AddTo::bias
              ? _mm512_loadu_ps(out.bias + column + j * side)
              : _mm512_maskz_loadu_ps(inside[j], out.c.data + (row + i) * out.c.stride + column + j * side);
  const int64_t next = depth_tiles * tile_size;  // from one tile to the tile beside it
  for (int64_t k = 0; k < depth_tiles; ++k, left += tile_size, right += tile_size)
    for (int64_t p = 0; p < tile_depth; p += 2) {
      __m512bh beside[wide];
#pragma GCC unroll 2
      for (int j = 0; j < wide; ++j) beside[j] = pairs_at(right + j * next + p / 2 * tile_depth);
#pragma GCC unroll 8
      for (int i = 0; i < rows; ++i) {
        const __m512bh pair = pair_everywhere(left + i * tile_depth + p);
#pragma GCC unroll 2
        for (int j = 0; j < wide; ++j) sums[i][j] = _mm512_dpbf16_ps(sums[i][j], pair, beside[j]);
      }
    }
#pragma GCC unroll 8
  for (int i = 0; i < rows; ++i)
#pragma GCC unroll 2
    for (int j = 0; j < wide; ++j)
      _mm512_mask_storeu_ps(out.c.data + (row + i) * out.c.stride + column + j * side, inside[j], sums[i][j]);
}

template <int wide>
constexpr SumTiles rows_of_pairs[rows_at_once] = {sum_rows<1, wide>, sum_rows<2, wide>, sum_rows<3, wide>,
                                                  sum_rows<4, wide>, sum_rows<5, wide>, sum_rows<6, wide>,
                                                  sum_rows<7, wide>, sum_rows<8, wide>};

/// The rows that the output has, as few at once as keep all parts equal.
template <int high, int wide>
void sum_pairs(const Output& out, int64_t row, int64_t column, const Bfloat16* left, const Bfloat16* right,
               int64_t depth_tiles) {
  for (int64_t tile = 0; tile < high; ++tile, left += depth_tiles * tile_size, row += side) {
    const int64_t rows = std::min(side, out.c.rows - row);
    const int64_t parts = ceil_div(rows, rows_at_once);
    for (int64_t part = 0; part < parts; ++part) {
      const int64_t begin = begin_of_part(rows, part, parts);
      const int64_t count = begin_of_part(rows, part + 1, parts) - begin;
      rows_of_pairs<wide>[count - 1](out, row + begin, column, left + begin * tile_depth, right, depth_tiles);
    }
  }
}

inline void nothing_to_do() {}

constexpr Summing by_pairs{int64_t{1} << 18,
                           nothing_to_do,
                           nothing_to_do,
                           {{sum_pairs<1, 1>, sum_pairs<1, 2>}, {sum_pairs<2, 1>, sum_pairs<2, 2>}}};

}  // namespace isthmus::kernels::tiles
HWY_POP_ATTRIBUTES
