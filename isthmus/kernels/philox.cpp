#include "isthmus/kernels/philox.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "isthmus/core/error.hpp"
#include "isthmus/kernels/noise_grid.hpp"
#include "isthmus/kernels/parallel.hpp"
#include "isthmus/kernels/simd.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "isthmus/kernels/philox.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "isthmus/kernels/noise_math-inl.hpp"
#include "isthmus/kernels/philox-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace isthmus::kernels {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using F32 = hn::ScalableTag<float>;
using VecF = hn::Vec<F32>;

struct Bits {
  using T = uint32_t;
  static HWY_INLINE void Apply(VecU (&)[4]) {}
};

struct Uniform {
  using T = float;
  static HWY_INLINE void Apply(VecU (&w)[4]) {
    for (VecU& v : w) v = hn::BitCast(U32(), noise::Uniform(F32(), v));
  }
};

struct Normal {
  using T = float;
  static HWY_INLINE void Apply(VecU (&w)[4]) {
    VecF x[4];
    noise::Normal(F32(), w[0], w[1], x[0], x[1]);
    noise::Normal(F32(), w[2], w[3], x[2], x[3]);
    for (int i = 0; i < 4; ++i) w[i] = hn::BitCast(U32(), x[i]);
  }
};

struct Gumbel {
  using T = float;
  static HWY_INLINE void Apply(VecU (&w)[4]) {
    for (VecU& v : w) v = hn::BitCast(U32(), noise::Gumbel(F32(), v));
  }
};

HWY_INLINE void Put(const VecU (&w)[4], uint32_t* out) {
  hn::StoreInterleaved4(w[0], w[1], w[2], w[3], U32(), out);
}
HWY_INLINE void Put(const VecU (&w)[4], float* out) {
  const F32 d;
  hn::StoreInterleaved4(hn::BitCast(d, w[0]), hn::BitCast(d, w[1]), hn::BitCast(d, w[2]),
                        hn::BitCast(d, w[3]), d, out);
}

/// Writes the whole blocks begin … end-1 of the grid to `out`, four numbers each.
template <class Kind, class T = typename Kind::T>
HWY_INLINE void DrawBlocks(const Grid& grid, int64_t begin, int64_t end, T* HWY_RESTRICT out) {
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(U32()));
  Counters at(grid, begin);
  VecU w[4];
  for (; begin + lanes <= end; begin += lanes, out += 4 * lanes) {
    Words(grid, at, w);
    Kind::Apply(w);
    Put(w, out);
    at.Advance();
  }
  if (begin < end) {
    HWY_ALIGN T rest[4 * hn::MaxLanes(U32())];
    Words(grid, at, w);
    Kind::Apply(w);
    Put(w, rest);
    std::copy_n(rest, 4 * (end - begin), out);
  }
}

/// The numbers of blocks begin … end-1 of the grid, one after the other; `out` points where the first one
/// goes.
template <class Kind, class T = typename Kind::T>
HWY_INLINE void Draw(const Grid& grid, int64_t begin, int64_t end, T* out) {
  if (grid.columns % 4 == 0) return DrawBlocks<Kind>(grid, begin, end, out);
  HWY_ALIGN T tile[4 * tile_blocks];
  for (; begin < end; begin += tile_blocks) {
    const int64_t stop = std::min(end, begin + tile_blocks);
    DrawBlocks<Kind>(grid, begin, stop, tile);
    out = keep_columns(grid, begin, stop, tile, out);
  }
}

void DrawBits(const Grid& g, int64_t begin, int64_t end, uint32_t* out) {
  Draw<Bits>(g, begin, end, out);
}
void DrawUniform(const Grid& g, int64_t begin, int64_t end, float* out) {
  Draw<Uniform>(g, begin, end, out);
}
void DrawNormal(const Grid& g, int64_t begin, int64_t end, float* out) {
  Draw<Normal>(g, begin, end, out);
}
void DrawGumbel(const Grid& g, int64_t begin, int64_t end, float* out) {
  Draw<Gumbel>(g, begin, end, out);
}

/// out[i] = u[i] < p[i]
void Below(const float* u, const float* p, size_t n, float* out) {
  const F32 d;
  const size_t lanes = hn::Lanes(d);
  size_t i = 0;
  for (; i + lanes <= n; i += lanes)
    hn::StoreU(hn::IfThenElseZero(hn::Lt(hn::LoadU(d, u + i), hn::LoadU(d, p + i)), hn::Set(d, 1.0f)), d,
               out + i);
  for (; i < n; ++i) out[i] = u[i] < p[i] ? 1.0f : 0.0f;
}

}  // namespace HWY_NAMESPACE
}  // namespace isthmus::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace isthmus::kernels {
namespace {

HWY_EXPORT(DrawBits);
HWY_EXPORT(DrawUniform);
HWY_EXPORT(DrawNormal);
HWY_EXPORT(DrawGumbel);
HWY_EXPORT(Below);

Grid grid_for(size_t size, int64_t rows, int64_t columns, NoiseKey key, int64_t first_row) {
  if (rows < 0 || columns < 0 || static_cast<int64_t>(size) != rows * columns)
    throw Error({.who = "noise",
                 .expected = fmt::format("room for {} x {} numbers", rows, columns),
                 .got = fmt::format("{}", size)});
  constexpr int64_t words = int64_t{1} << 32;
  if (first_row < 0 || first_row + rows > words || columns > 2 * words)
    throw Error({.who = "noise",
                 .expected = "rows within 0 … 2^32 and at most 2^33 columns",
                 .got = fmt::format("rows {} … {} of {} columns", first_row, first_row + rows, columns)});
  return {columns, ceil_div(columns, 4), key, static_cast<uint32_t>(first_row)};
}

/// Calls draw(grid, begin, end) over chunks of the grid's blocks.
template <class Draw>
void over_chunks(size_t size, int64_t rows, int64_t columns, NoiseKey key, int64_t first_row,
                 const Draw& draw) {
  const Grid grid = grid_for(size, rows, columns, key, first_row);
  if (size == 0) return;
  parallel_for(rows * grid.blocks, 16 * tile_blocks, rows * columns,
               [&](int64_t begin, int64_t end) { draw(grid, begin, end); });
}

/// Calls below(u, offset, n) over tiles: u are the uniform numbers of elements offset … offset+n-1.
template <class Below>
void over_uniform(size_t size, int64_t rows, int64_t columns, NoiseKey key, int64_t first_row,
                  const Below& below) {
  over_chunks(size, rows, columns, key, first_row, [&](const Grid& grid, int64_t begin, int64_t end) {
    HWY_ALIGN float u[4 * tile_blocks];
    for (; begin < end; begin += tile_blocks) {
      const int64_t stop = std::min(end, begin + tile_blocks);
      HWY_DYNAMIC_DISPATCH(DrawUniform)(grid, begin, stop, u);
      below(u, grid.offset(begin), static_cast<size_t>(grid.offset(stop) - grid.offset(begin)));
    }
  });
}

void require_same(size_t probabilities, size_t out) {
  if (probabilities != out)
    throw Error({.who = "noise",
                 .expected = fmt::format("{} probabilities, one a number drawn", out),
                 .got = fmt::format("{}", probabilities)});
}

}  // namespace

#define ISTHMUS_FILL(name, Kernel, T)                                                                       \
  void name(std::span<T> out, int64_t rows, int64_t columns, NoiseKey key, int64_t first_row) {             \
    over_chunks(out.size(), rows, columns, key, first_row, [&](const Grid& g, int64_t begin, int64_t end) { \
      HWY_DYNAMIC_DISPATCH(Kernel)(g, begin, end, out.data() + g.offset(begin));                            \
    });                                                                                                     \
  }
ISTHMUS_FILL(fill_bits, DrawBits, uint32_t)
ISTHMUS_FILL(fill_uniform, DrawUniform, float)
ISTHMUS_FILL(fill_normal, DrawNormal, float)
ISTHMUS_FILL(fill_gumbel, DrawGumbel, float)
#undef ISTHMUS_FILL

void fill_bernoulli(std::span<float> out, std::span<const float> probabilities, int64_t rows, int64_t columns,
                    NoiseKey key, int64_t first_row) {
  require_same(probabilities.size(), out.size());
  over_uniform(out.size(), rows, columns, key, first_row, [&](const float* u, int64_t at, size_t n) {
    HWY_DYNAMIC_DISPATCH(Below)(u, probabilities.data() + at, n, out.data() + at);
  });
}

}  // namespace isthmus::kernels
#endif  // HWY_ONCE
