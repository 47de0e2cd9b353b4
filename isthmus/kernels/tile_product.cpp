#include "isthmus/kernels/tile_product.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include <fmt/format.h>
#include <hwy/aligned_allocator.h>
#include <hwy/base.h>
#include <omp.h>

#include "isthmus/core/error.hpp"
#include "isthmus/kernels/parallel.hpp"

#if defined(__x86_64__) && defined(__linux__)
#define ISTHMUS_TILES
#include <cpuid.h>
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace isthmus::kernels {
namespace {

void check(const Rows& out, const Factor<Bfloat16>& a, const Factor<Bfloat16>& b, AddTo to,
           std::span<const float> bias) {
  if (a.columns != b.rows || out.rows != a.rows || out.columns != b.columns)
    throw Error({.who = "tile_product",
                 .expected = fmt::format("[m, n], [m, k] and [k, n]"),
                 .got = fmt::format("[{}, {}], [{}, {}] and [{}, {}]", out.rows, out.columns, a.rows,
                                    a.columns, b.rows, b.columns)});
  const int64_t needed = to == AddTo::bias ? out.columns : 0;
  if (std::ssize(bias) != needed)
    throw Error({.who = "tile_product",
                 .expected = fmt::format("a bias of {}", needed),
                 .got = fmt::format("{} numbers", bias.size())});
  if (!has_tiles())
    throw Error({.who = "tile_product", .expected = "a processor with tile registers", .got = "another"});
}

}  // namespace

#ifdef ISTHMUS_TILES

namespace {

bool processor_has_tiles() {
  unsigned eax = 0;
  unsigned ebx = 0;
  unsigned ecx = 0;
  unsigned edx = 0;
  if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) == 0) return false;
  const auto bits = [](unsigned word, auto... at) { return ((word >> at & 1U) && ...); };
  return bits(ebx, 16, 17, 30, 31) && bits(edx, 22, 24);  // AVX-512 F, DQ, BW, VL; AMX bfloat16, tiles
}

/// Linux keeps the tile registers' 8 KiB out of a process's state until it asks for them.
bool system_grants_tiles() {
  constexpr int request_permission = 0x1023;
  constexpr int tile_data = 18;
  return syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
}

}  // namespace

bool has_tiles() {
  static const bool answer = processor_has_tiles() && system_grants_tiles();
  return answer;
}

// g++ 12 takes the undefined vectors within its own intrinsics for a mistake of ours (GCC bug 105593).
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
HWY_PUSH_ATTRIBUTES("avx512f,avx512bw,avx512dq,avx512vl,amx-tile,amx-bf16")
namespace {

constexpr int64_t side = 16;   // rows of a tile, and columns of a tile of sums
constexpr int64_t depth = 32;  // numbers in a tile's row: products that one instruction adds up
constexpr int64_t tile_size = side * depth;

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

/// Row i: the numbers 2i and 2i + 1 along the depth, side by side, of 16 along `outer`.
HWY_INLINE void load_pairs(TileRows& rows, const Bfloat16* p, int64_t stride, int64_t outer, int64_t deep) {
  const __mmask16 mask = first_of_16(outer);
  const auto row = [&](int64_t i) {
    return _mm512_cvtepu16_epi32(i < deep ? _mm256_maskz_loadu_epi16(mask, p + i * stride)
                                          : _mm256_setzero_si256());
  };
#pragma GCC unroll 16
  for (int64_t i = 0; i < side; ++i)
    rows.row[i] = _mm512_or_si512(row(2 * i), _mm512_slli_epi32(row(2 * i + 1), 16));
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
    to += depth;
  }
}

/// Tiles of a part of a factor, [outer tiles, depth tiles], in memory that a thread keeps.
class Panel {
 public:
  void reserve(int64_t tiles) {
    const auto needed = static_cast<size_t>(tiles * tile_size);
    if (needed > size_) memory_ = hwy::AllocateAligned<Bfloat16>(size_ = needed);
  }
  Bfloat16* at(int64_t tile) const { return memory_.get() + tile * tile_size; }

 private:
  hwy::AlignedFreeUniquePtr<Bfloat16[]> memory_;
  size_t size_ = 0;
};

/// The eight tile registers, each 16 rows of 64 bytes: 0 to 3 hold sums, 4 and 5 a left factor, 6 and 7 a
/// right one. To be set by every thread, for whatever it did before.
class TileRegisters {
 public:
  TileRegisters() {
    struct alignas(64) {
      uint8_t palette = 1;
      std::array<uint8_t, 15> unused{};
      std::array<uint16_t, 16> bytes_of_row{64, 64, 64, 64, 64, 64, 64, 64};
      std::array<uint8_t, 16> rows{16, 16, 16, 16, 16, 16, 16, 16};
    } configuration;
    _tile_loadconfig(&configuration);
  }
  ~TileRegisters() { _tile_release(); }
  TileRegisters(const TileRegisters&) = delete;
  TileRegisters& operator=(const TileRegisters&) = delete;
};

/// A tile of the output as the registers want it: the output's own memory, or a copy where it ends within.
struct Place {
  float* data;
  int64_t bytes;  // from row to row
};

/// Where sums go.
struct Output {
  Rows c;
  AddTo to;
  const float* bias;  // padded to whole tiles

  bool whole(int64_t row, int64_t column) const { return row + side <= c.rows && column + side <= c.columns; }

  Place place(int64_t row, int64_t column, float* copy) const {
    if (whole(row, column)) return {c.data + row * c.stride + column, c.stride * int64_t{sizeof(float)}};
    return {copy, side * int64_t{sizeof(float)}};
  }

  /// What the sums begin with.
  Place start(int64_t row, int64_t column, float* copy) const {
    if (to == AddTo::bias) return {const_cast<float*>(bias) + column, 0};  // every row is the same
    const Place out = place(row, column, copy);
    if (out.data == copy) move(row, column, copy, false);
    return out;
  }
  void finish(int64_t row, int64_t column, float* copy) const {
    if (!whole(row, column)) move(row, column, copy, true);
  }

 private:
  void move(int64_t row, int64_t column, float* copy, bool out) const {
    const int64_t wide = std::min(side, c.columns - column);
    for (int64_t i = 0; i < std::min(side, c.rows - row); ++i) {
      float* there = c.data + (row + i) * c.stride + column;
      float* here = copy + i * side;
      std::copy_n(out ? here : there, wide, out ? there : here);
    }
  }
};

// The registers' numbers are part of the instructions, so that loops over them must be written out.

template <int high, int wide>
HWY_INLINE void start_sums(const Output& out, int64_t row, int64_t column, float* copy) {
  if (out.to == AddTo::nothing) {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    return;
  }
  const auto from = [&](int i, int j) { return out.start(row + i * side, column + j * side, copy); };
  const Place a = from(0, 0);
  _tile_loadd(0, a.data, a.bytes);
  if constexpr (wide > 1) {
    const Place b = from(0, 1);
    _tile_loadd(1, b.data, b.bytes);
  }
  if constexpr (high > 1) {
    const Place c = from(1, 0);
    _tile_loadd(2, c.data, c.bytes);
  }
  if constexpr (high > 1 && wide > 1) {
    const Place d = from(1, 1);
    _tile_loadd(3, d.data, d.bytes);
  }
}

template <int high, int wide>
HWY_INLINE void finish_sums(const Output& out, int64_t row, int64_t column, float* copy) {
  const auto to = [&](int i, int j) { return out.place(row + i * side, column + j * side, copy); };
  const auto done = [&](int i, int j) { out.finish(row + i * side, column + j * side, copy); };
  const Place a = to(0, 0);
  _tile_stored(0, a.data, a.bytes);
  done(0, 0);
  if constexpr (wide > 1) {
    const Place b = to(0, 1);
    _tile_stored(1, b.data, b.bytes);
    done(0, 1);
  }
  if constexpr (high > 1) {
    const Place c = to(1, 0);
    _tile_stored(2, c.data, c.bytes);
    done(1, 0);
  }
  if constexpr (high > 1 && wide > 1) {
    const Place d = to(1, 1);
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

/// The sums of `high` by `wide` tiles, from packed tiles of both factors.
template <int high, int wide>
void sum_tiles(const Output& out, int64_t row, int64_t column, const Bfloat16* left, const Bfloat16* right,
               int64_t depth_tiles) {
  alignas(64) std::array<float, side * side> copy;  // what is beyond the edge is never read back
  // The output comes from far away; it is under way while the products are formed.
  for (int64_t i = row; i < std::min(row + high * side, out.c.rows); ++i)
    for (int64_t j = 0; j < wide; ++j)
      __builtin_prefetch(out.c.data + i * out.c.stride + std::min(column + j * side, out.c.columns - 1), 1,
                         2);
  start_sums<high, wide>(out, row, column, copy.data());
  const int64_t next = depth_tiles * tile_size;  // from one tile to the tile beside it
  for (int64_t k = 0; k < depth_tiles; ++k) {
    load_left<high>(left + k * tile_size, next);
    load_right<wide>(right + k * tile_size, next);
    multiply_tiles<high, wide>();
  }
  finish_sums<high, wide>(out, row, column, copy.data());
}

// Packed tiles, of 1 KiB, that stay in the second-level cache: of the factor that all threads share, and of
// the range that one thread has of the other; and the most of them along the depth.
constexpr int64_t shared_most = 768;
constexpr int64_t own_most = 256;
constexpr int64_t deep_most = 32;
// So few tiles each thread packs for itself, sooner than all could have met at a barrier.
constexpr int64_t packed_alone = 128;
// Below so many multiplications the other threads are not worth waking.
constexpr int64_t parallel_products = int64_t{1} << 20;

/// A range of a factor's tiles, along its outer dimension and along the depth.
struct Range {
  int64_t outer;
  int64_t outers;
  int64_t deep;
  int64_t deeps;

  int64_t size() const { return outers * deeps; }
};

/// All sums of the rows in `left` by the columns in `right`, from their panels; two by two tiles, for then
/// every tile that is loaded is used twice.
void sum_panels(const Output& out, const Range& left, const Range& right, const Panel& left_panel,
                const Panel& right_panel) {
  const int64_t deep = left.deeps;
  for (int64_t i = 0; i < left.outers; i += 2)
    for (int64_t j = 0; j < right.outers; j += 2) {
      const auto run = [&](auto sum) {
        sum(out, (left.outer + i) * side, (right.outer + j) * side, left_panel.at(i * deep),
            right_panel.at(j * deep), deep);
      };
      const bool high = i + 1 < left.outers;
      const bool wide = j + 1 < right.outers;
      if (high && wide)
        run(sum_tiles<2, 2>);
      else if (high)
        run(sum_tiles<2, 1>);
      else if (wide)
        run(sum_tiles<1, 2>);
      else
        run(sum_tiles<1, 1>);
    }
}

/// Tile i of `range`, one after the other along the depth, to its place in `panel`.
void pack(const Panel& panel, int64_t i, const Source& from, const Range& range, bool as_left) {
  pack_tile(panel.at(i), from, (range.outer + i / range.deeps) * side, (range.deep + i % range.deeps) * depth,
            as_left);
}

/// A multiple of 2 tiles of which `deeps` times as many are at most `most`.
int64_t outers_within(int64_t most, int64_t deeps) {
  return std::max<int64_t>(2, most / std::max<int64_t>(1, deeps) / 2 * 2);
}

/// The threads share the factor with the smaller outer dimension, and each takes a range of the other.
void multiply(const Rows& c, const Factor<Bfloat16>& a, const Factor<Bfloat16>& b, AddTo to,
              std::span<const float> bias) {
  const auto left = Source::left(a);
  const auto right = Source::right(b);
  const bool own_is_left = left.outer >= right.outer;
  const Source& own = own_is_left ? left : right;
  const Source& shared = own_is_left ? right : left;
  const int64_t own_tiles = ceil_div(own.outer, side);
  const int64_t shared_tiles = ceil_div(shared.outer, side);
  const int64_t deep_tiles = ceil_div(left.depth, depth);
  const int64_t deep_blocks = std::max<int64_t>(1, ceil_div(deep_tiles, deep_most));
  const int64_t deepest = ceil_div(deep_tiles, deep_blocks);
  const int64_t shared_step = outers_within(shared_most, deepest);
  const int64_t own_step = outers_within(own_most, deepest);

  static thread_local Panel callers;  // read by all threads
  const Panel& together = callers;
  callers.reserve(std::min(shared_tiles, shared_step) * deepest);
  std::vector<float> padded;
  if (to == AddTo::bias) {
    padded.resize(static_cast<size_t>(ceil_div(c.columns, side) * side));
    std::ranges::copy(bias, padded.begin());
  }

  const bool parallel = left.outer * right.outer * left.depth >= parallel_products;
#pragma omp parallel if (parallel)
  {
    static thread_local Panel own_panel;
    static thread_local Panel shared_panel;
    const TileRegisters registers;
    const int64_t own_begin = own_tiles * omp_get_thread_num() / omp_get_num_threads();
    const int64_t own_end = own_tiles * (omp_get_thread_num() + 1) / omp_get_num_threads();
    for (int64_t block = 0; block < deep_blocks; ++block) {
      const int64_t deep = deep_tiles * block / deep_blocks;
      const int64_t deeps = deep_tiles * (block + 1) / deep_blocks - deep;
      const Output out{c, block == 0 ? to : AddTo::place, padded.data()};
      for (int64_t begin = 0; begin < shared_tiles; begin += shared_step) {
        const Range theirs{begin, std::min(shared_step, shared_tiles - begin), deep, deeps};
        const bool by_all = theirs.size() > packed_alone;
        if (by_all) {
#pragma omp barrier  // until nobody reads the panel any more
#pragma omp for schedule(static)
          for (int64_t i = 0; i < theirs.size(); ++i) pack(together, i, shared, theirs, !own_is_left);
        } else {
          shared_panel.reserve(theirs.size());
          for (int64_t i = 0; i < theirs.size(); ++i) pack(shared_panel, i, shared, theirs, !own_is_left);
        }
        const Panel& beside = by_all ? together : shared_panel;
        for (int64_t first = own_begin; first < own_end; first += own_step) {
          const Range mine{first, std::min(own_step, own_end - first), deep, deeps};
          own_panel.reserve(mine.size());
          for (int64_t i = 0; i < mine.size(); ++i) pack(own_panel, i, own, mine, own_is_left);
          if (own_is_left)
            sum_panels(out, mine, theirs, own_panel, beside);
          else
            sum_panels(out, theirs, mine, beside, own_panel);
        }
      }
    }
  }
}

}  // namespace
HWY_POP_ATTRIBUTES
#pragma GCC diagnostic pop

void tile_product(const Rows& out, const Factor<Bfloat16>& a, const Factor<Bfloat16>& b, AddTo to,
                  std::span<const float> bias) {
  check(out, a, b, to, bias);
  multiply(out, a, b, to, bias);
}

#else

bool has_tiles() {
  return false;
}

void tile_product(const Rows& out, const Factor<Bfloat16>& a, const Factor<Bfloat16>& b, AddTo to,
                  std::span<const float> bias) {
  check(out, a, b, to, bias);
}

#endif

}  // namespace isthmus::kernels
