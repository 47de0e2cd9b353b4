#pragma once

// Sums of products of packed tiles, in the tile registers (AMX). For bfloat16_product.cpp alone.

#include <algorithm>
#include <array>
#include <cstdint>

#include <hwy/base.h>
#include <immintrin.h>

#include "isthmus/kernels/tile_packing-inl.hpp"

HWY_PUSH_ATTRIBUTES(ISTHMUS_PACKING_TARGET ",amx-tile,amx-bf16")
namespace isthmus::kernels::tiles {

/// Whatever was written to memory up to here is there, for `p` to be read from. g++ 12's loads of tiles and
/// of their configuration do not say that they read memory, and might else come before it was written.
HWY_INLINE void written(const void* p) {
  asm volatile("" ::"r"(p) : "memory");
}

/// Sets up the eight tile registers, each 16 rows of 64 bytes: 0 to 3 hold sums, 4 and 5 a left factor, 6 and
/// 7 a right one. For every thread, whatever it did before.
inline void begin_tiles() {
  struct alignas(64) {
    uint8_t palette = 1;
    std::array<uint8_t, 15> unused{};
    std::array<uint16_t, 16> bytes_of_row{64, 64, 64, 64, 64, 64, 64, 64};
    std::array<uint8_t, 16> rows{16, 16, 16, 16, 16, 16, 16, 16};
  } configuration;
  written(&configuration);
  _tile_loadconfig(&configuration);
}

inline void end_tiles() {
  _tile_release();
}

/// A tile of the output as the registers want it: the output's own memory, or a copy where it ends within.
template <class Number>
struct TileMemory {
  Number* data;
  int64_t bytes;  // from row to row
};

/// Where sums go, tile by tile.
struct TileOutput : Output {
  bool whole(int64_t row, int64_t column) const { return row + side <= c.rows && column + side <= c.columns; }

  TileMemory<float> memory_of(int64_t row, int64_t column, float* copy) const {
    if (whole(row, column)) return {c.data + row * c.stride + column, c.stride * int64_t{sizeof(float)}};
    return {copy, side * int64_t{sizeof(float)}};
  }

  /// What the sums begin with.
  TileMemory<const float> start(int64_t row, int64_t column, float* copy) const {
    if (to == AddTo::bias) return {bias + column, 0};  // every row is the same
    const TileMemory<float> out = memory_of(row, column, copy);
    if (out.data != copy) return {out.data, out.bytes};
    written(copy);  // the load of the tile before comes first
    for_each_run(row, column, copy,
                 [](float* here, float* there, int64_t n) { std::copy_n(there, n, here); });
    written(copy);
    return {out.data, out.bytes};
  }
  void finish(int64_t row, int64_t column, float* copy) const {
    if (whole(row, column)) return;
    for_each_run(row, column, copy,
                 [](float* here, float* there, int64_t n) { std::copy_n(here, n, there); });
  }

 private:
  /// The rows of a tile's copy, the places in the output that they stand for, and the numbers that are in it.
  template <class Run>
  void for_each_run(int64_t row, int64_t column, float* copy, const Run& run) const {
    for (int64_t i = 0; i < std::min(side, c.rows - row); ++i)
      run(copy + i * side, c.data + (row + i) * c.stride + column, std::min(side, c.columns - column));
  }
};

// The registers' numbers are part of the instructions, so that loops over them must be written out.

template <int high, int wide>
HWY_INLINE void start_sums(const TileOutput& out, int64_t row, int64_t column, float* copy) {
  if (out.to == AddTo::nothing) {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    return;
  }
  const auto from = [&](int i, int j) { return out.start(row + i * side, column + j * side, copy); };
  const auto a = from(0, 0);
  _tile_loadd(0, a.data, a.bytes);
  if constexpr (wide > 1) {
    const auto b = from(0, 1);
    _tile_loadd(1, b.data, b.bytes);
  }
  if constexpr (high > 1) {
    const auto c = from(1, 0);
    _tile_loadd(2, c.data, c.bytes);
  }
  if constexpr (high > 1 && wide > 1) {
    const auto d = from(1, 1);
    _tile_loadd(3, d.data, d.bytes);
  }
}

template <int high, int wide>
HWY_INLINE void finish_sums(const TileOutput& out, int64_t row, int64_t column, float* copy) {
  const auto to = [&](int i, int j) { return out.memory_of(row + i * side, column + j * side, copy); };
  const auto done = [&](int i, int j) { out.finish(row + i * side, column + j * side, copy); };
  const auto a = to(0, 0);
  _tile_stored(0, a.data, a.bytes);
  done(0, 0);
  if constexpr (wide > 1) {
    const auto b = to(0, 1);
    _tile_stored(1, b.data, b.bytes);
    done(0, 1);
  }
  if constexpr (high > 1) {
    const auto c = to(1, 0);
    _tile_stored(2, c.data, c.bytes);
    done(1, 0);
  }
  if constexpr (high > 1 && wide > 1) {
    const auto d = to(1, 1);
    _tile_stored(3, d.data, d.bytes);
    done(1, 1);
  }
}

template <int high>
HWY_INLINE void load_left(const Bfloat16* p, int64_t next) {
  _tile_loadd(4, p, 64);
  if constexpr (high > 1) _tile_loadd(5, p + next, 64);
}
template <int wide>
HWY_INLINE void load_right(const Bfloat16* p, int64_t next) {
  _tile_loadd(6, p, 64);
  if constexpr (wide > 1) _tile_loadd(7, p + next, 64);
}
template <int high, int wide>
HWY_INLINE void multiply_tiles() {
  _tile_dpbf16ps(0, 4, 6);
  if constexpr (wide > 1) _tile_dpbf16ps(1, 4, 7);
  if constexpr (high > 1) _tile_dpbf16ps(2, 5, 6);
  if constexpr (high > 1 && wide > 1) _tile_dpbf16ps(3, 5, 7);
}

template <int high, int wide>
void sum_tiles(const Output& out, int64_t row, int64_t column, const Bfloat16* left, const Bfloat16* right,
               int64_t depth_tiles) {
  alignas(64) std::array<float, side * side> copy;  // what is beyond the edge is never read back
  // The output comes from far away; it is under way while the products are formed.
  for (int64_t i = row; i < std::min(row + high * side, out.c.rows); ++i)
    for (int64_t j = 0; j < wide; ++j)
      __builtin_prefetch(out.c.data + i * out.c.stride + std::min(column + j * side, out.c.columns - 1), 1,
                         2);
  written(left);
  const TileOutput tiles{out};
  start_sums<high, wide>(tiles, row, column, copy.data());
  const int64_t next = depth_tiles * tile_size;  // from one tile to the tile beside it
  for (int64_t k = 0; k < depth_tiles; ++k) {
    load_left<high>(left + k * tile_size, next);
    load_right<wide>(right + k * tile_size, next);
    multiply_tiles<high, wide>();
  }
  finish_sums<high, wide>(tiles, row, column, copy.data());
}

/// Two by two tiles, for then every tile that is loaded is used twice.
constexpr Summing by_tiles{int64_t{1} << 20,
                           begin_tiles,
                           end_tiles,
                           {{sum_tiles<1, 1>, sum_tiles<1, 2>}, {sum_tiles<2, 1>, sum_tiles<2, 2>}}};

}  // namespace isthmus::kernels::tiles
HWY_POP_ATTRIBUTES
