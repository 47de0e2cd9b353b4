#include "isthmus/kernels/bfloat16_product.hpp"

#include <algorithm>
#include <vector>

#include <hwy/base.h>
#include <hwy/targets.h>
#include <omp.h>

#include "isthmus/core/error.hpp"
#include "isthmus/kernels/parallel.hpp"
#include "isthmus/kernels/product_shapes.hpp"

#ifdef __x86_64__
#include <cpuid.h>
#ifdef __linux__
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include "isthmus/kernels/tile_pairs-inl.hpp"
#include "isthmus/kernels/tile_sums-inl.hpp"
#endif

namespace isthmus::kernels {
namespace {

void check(Bfloat16Way way) {
  if (std::ranges::count(bfloat16_ways(), way) > 0) return;
  throw Error({.who = "bfloat16_product",
               .expected = "a way to multiply that this processor has and the system grants",
               .got = "another",
               .hint = "ask bfloat16_ways() first"});
}

}  // namespace

#ifdef __x86_64__

namespace {

bool bits(unsigned word, auto... at) {
  return ((word >> at & 1U) && ...);
}

/// Linux keeps the tile registers' 8 KiB out of a process's state until it asks for them; how other systems
/// have it was not tried.
bool system_grants_tiles() {
#ifdef __linux__
  constexpr int request_permission = 0x1023;
  constexpr int tile_data = 18;
  return syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
#else
  return false;
#endif
}

std::vector<Bfloat16Way> found_ways() {
  unsigned eax = 0;
  unsigned ebx = 0;
  unsigned ecx = 0;
  unsigned edx = 0;
  // Highway also looks whether the system keeps the registers of AVX-512.
  if ((hwy::SupportedTargets() & HWY_AVX3) == 0 || __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) == 0)
    return {};
  if (!bits(ebx, 16, 17, 30, 31)) return {};  // F, DQ, BW, VL
  std::vector<Bfloat16Way> ways;
  if (bits(edx, 22, 24) && system_grants_tiles()) ways.push_back(Bfloat16Way::tiles);  // bfloat16, tiles
  if (__get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx) != 0 && bits(eax, 5))
    ways.push_back(Bfloat16Way::pairs);
  return ways;
}

}  // namespace

std::span<const Bfloat16Way> bfloat16_ways() {
  static const std::vector<Bfloat16Way> ways = found_ways();
  return ways;
}

HWY_PUSH_ATTRIBUTES(ISTHMUS_PACKING_TARGET)
namespace {

using namespace tiles;

// Packed tiles, of 1 KiB, that stay in the second-level cache: of the factor that all threads read, and of
// the range that one thread has of the other; and the most of them along the depth.
constexpr int64_t common_most = 768;
constexpr int64_t own_most = 256;
constexpr int64_t depth_most = 32;
// So few tiles each thread packs for itself, sooner than all could have met at a barrier.
constexpr int64_t packed_alone = 128;

/// Tile i of `range`, one after the other along the depth, to its place in `panel`.
void pack(const Panel& panel, int64_t i, const Source& from, const Range& range, bool as_left) {
  pack_tile(panel.at(i), from, (range.outer_begin + i / range.depth_tiles) * side,
            (range.depth_begin + i % range.depth_tiles) * tile_depth, as_left);
}

void pack_all(Panel& panel, const Source& from, const Range& range, bool as_left) {
  panel.reserve(range.size());
  for (int64_t i = 0; i < range.size(); ++i) pack(panel, i, from, range, as_left);
}

/// A multiple of 2, so that sums are formed two by two tiles: so many columns of tiles are at most `most`.
int64_t columns_within(int64_t most, int64_t depth_tiles) {
  return std::max<int64_t>(2, most / std::max<int64_t>(1, depth_tiles) / 2 * 2);
}

/// All sums of the rows in `left` by the columns in `right`, from their panels.
void sum_panels(const Summing& summing, const Output& out, const Range& left, const Range& right,
                const Panel& left_panel, const Panel& right_panel) {
  const int64_t depth_tiles = left.depth_tiles;
  for (int64_t i = 0; i < left.outer_tiles; i += 2)
    for (int64_t j = 0; j < right.outer_tiles; j += 2) {
      const int64_t high = std::min<int64_t>(2, left.outer_tiles - i);
      const int64_t wide = std::min<int64_t>(2, right.outer_tiles - j);
      summing.sums[high - 1][wide - 1](out, (left.outer_begin + i) * side, (right.outer_begin + j) * side,
                                       left_panel.at(i * depth_tiles), right_panel.at(j * depth_tiles),
                                       depth_tiles);
    }
}

/// All threads read the factor with the smaller outer dimension, and each takes a range of the other.
void multiply(const Summing& summing, const Rows& c, const Factor<Bfloat16>& a, const Factor<Bfloat16>& b,
              AddTo to, std::span<const float> bias) {
  const auto left = Source::left(a);
  const auto right = Source::right(b);
  const bool own_is_left = left.outer >= right.outer;
  const Source& own = own_is_left ? left : right;
  const Source& common = own_is_left ? right : left;
  const int64_t own_tiles = ceil_div(own.outer, side);
  const int64_t common_tiles = ceil_div(common.outer, side);
  const int64_t depth_tiles = ceil_div(left.depth, tile_depth);
  const int64_t blocks = std::max<int64_t>(1, ceil_div(depth_tiles, depth_most));
  const int64_t deepest = ceil_div(depth_tiles, blocks);
  const int64_t common_step = columns_within(common_most, deepest);
  const int64_t own_step = columns_within(own_most, deepest);

  static thread_local Panel panel_of_caller;
  const Panel& common_panel = panel_of_caller;  // packed and read by all threads
  const int64_t largest = std::min(common_tiles, common_step) * deepest;
  if (largest > packed_alone) panel_of_caller.reserve(largest);
  std::vector<float> padded;
  if (to == AddTo::bias) {
    padded.resize(static_cast<size_t>(ceil_div(c.columns, side) * side));
    std::ranges::copy(bias, padded.begin());
  }

  [[maybe_unused]] const bool parallel = left.outer * right.outer * left.depth >= summing.parallel_products;
#pragma omp parallel if (parallel)
  {
    static thread_local Panel own_panel;
    static thread_local Panel private_panel;
    summing.begin();
    const int64_t own_begin = begin_of_part<int64_t>(own_tiles, omp_get_thread_num(), omp_get_num_threads());
    const int64_t own_end =
        begin_of_part<int64_t>(own_tiles, omp_get_thread_num() + 1, omp_get_num_threads());
    for (int64_t block = 0; block < blocks; ++block) {
      const int64_t depth_begin = begin_of_part(depth_tiles, block, blocks);
      const int64_t block_tiles = begin_of_part(depth_tiles, block + 1, blocks) - depth_begin;
      const Output out{c, block == 0 ? to : AddTo::out, padded.data()};
      for (int64_t begin = 0; begin < common_tiles; begin += common_step) {
        const Range theirs{begin, std::min(common_step, common_tiles - begin), depth_begin, block_tiles};
        const bool by_all = theirs.size() > packed_alone;
        if (by_all) {
#pragma omp barrier  // until nobody reads the panel any more
#pragma omp for schedule(static)
          for (int64_t i = 0; i < theirs.size(); ++i) pack(common_panel, i, common, theirs, !own_is_left);
        } else {
          pack_all(private_panel, common, theirs, !own_is_left);
        }
        const Panel& beside = by_all ? common_panel : private_panel;
        for (int64_t first = own_begin; first < own_end; first += own_step) {
          const Range mine{first, std::min(own_step, own_end - first), depth_begin, block_tiles};
          pack_all(own_panel, own, mine, own_is_left);
          if (own_is_left)
            sum_panels(summing, out, mine, theirs, own_panel, beside);
          else
            sum_panels(summing, out, theirs, mine, beside, own_panel);
        }
      }
    }
    summing.end();
  }
}

}  // namespace
HWY_POP_ATTRIBUTES

void bfloat16_product(Bfloat16Way way, const Rows& out, const Factor<Bfloat16>& a, const Factor<Bfloat16>& b,
                      AddTo to, std::span<const float> bias) {
  check_product("bfloat16_product", out, a, b, to, bias);
  check(way);
  multiply(way == Bfloat16Way::tiles ? by_tiles : by_pairs, out, a, b, to, bias);
}

#else

std::span<const Bfloat16Way> bfloat16_ways() {
  return {};
}

void bfloat16_product(Bfloat16Way way, const Rows& out, const Factor<Bfloat16>& a, const Factor<Bfloat16>& b,
                      AddTo to, std::span<const float> bias) {
  check_product("bfloat16_product", out, a, b, to, bias);
  check(way);
}

#endif

}  // namespace isthmus::kernels
