// Philox over the lanes of a vector, compiled once per Highway target.
#if defined(ISTHMUS_KERNELS_PHILOX_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef ISTHMUS_KERNELS_PHILOX_INL_HPP
#undef ISTHMUS_KERNELS_PHILOX_INL_HPP
#else
#define ISTHMUS_KERNELS_PHILOX_INL_HPP
#endif

#include <hwy/highway.h>

#include "isthmus/kernels/noise_grid.hpp"

HWY_BEFORE_NAMESPACE();
namespace isthmus::kernels {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using U32 = hn::ScalableTag<uint32_t>;
using VecU = hn::Vec<U32>;

/// Where the lanes of a vector stand: lane i draws block `block[i]` of row `row[i]`, i.e. flat block first +
/// i.
class Counters {
 public:
  Counters(const Grid& grid, int64_t first) {
    const U32 d;
    const size_t lanes = hn::Lanes(d);
    HWY_ALIGN uint32_t blocks[hn::MaxLanes(d)];
    HWY_ALIGN uint32_t rows[hn::MaxLanes(d)];
    for (size_t i = 0; i < lanes; ++i) {
      const int64_t flat = first + static_cast<int64_t>(i);
      blocks[i] = static_cast<uint32_t>(flat % grid.blocks);
      rows[i] = grid.first_row + static_cast<uint32_t>(flat / grid.blocks);
    }
    block = hn::Load(d, blocks);
    row = hn::Load(d, rows);
    width_ = hn::Set(d, static_cast<uint32_t>(grid.blocks));
    add_block_ = hn::Set(d, static_cast<uint32_t>(static_cast<int64_t>(lanes) % grid.blocks));
    add_row_ = hn::Set(d, static_cast<uint32_t>(static_cast<int64_t>(lanes) / grid.blocks));
  }

  /// On by a whole vector of blocks: both old block and step are below the width, so at most one row is
  /// carried.
  HWY_INLINE void Advance() {
    const hn::RebindToSigned<U32> di;
    const VecU next = hn::Add(block, add_block_);
    const VecU wrapped = hn::Sub(next, width_);
    // Not yet at the width: the difference is negative. (Widths stay below 2^31, so the sign is the
    // comparison.)
    const auto before = hn::RebindMask(U32(), hn::Lt(hn::BitCast(di, wrapped), hn::Zero(di)));
    block = hn::IfThenElse(before, next, wrapped);
    row = hn::Add(row, hn::Add(add_row_, hn::IfThenZeroElse(before, hn::Set(U32(), 1u))));
  }

  VecU block, row;

 private:
  VecU width_, add_block_, add_row_;
};

#if HWY_TARGET == HWY_SCALAR

HWY_INLINE void Words(const Grid& grid, const Counters& at, VecU (&w)[4]) {
  const auto words = noise_words(grid.key, hn::GetLane(at.row), hn::GetLane(at.block));
  for (int i = 0; i < 4; ++i) w[i] = hn::Set(U32(), words[static_cast<size_t>(i)]);
}

#else

/// Philox with a counter's words in the lower halves of 64-bit lanes, where the 32x32 → 64 multiply wants
/// them. What the upper halves hold is never read, so a product serves as its own lower word and no lane is
/// ever shuffled.
struct Half {
  using V = hn::Vec<hn::RepartitionToWide<U32> >;
  V c0, c1, c2, c3;

  HWY_INLINE void Round(VecU m0, VecU m1, V k0, V k1) {
    const U32 d;
    const V a = hn::MulEven(hn::BitCast(d, c0), m0);
    const V b = hn::MulEven(hn::BitCast(d, c2), m1);
    c0 = hn::Xor3(hn::ShiftRight<32>(b), c1, k0);
    c2 = hn::Xor3(hn::ShiftRight<32>(a), c3, k1);
    c1 = b;
    c3 = a;
  }
};

HWY_INLINE void Words(const Grid& grid, const Counters& at, VecU (&w)[4]) {
  const U32 d;
  const hn::RepartitionToWide<U32> dw;
  const auto block = hn::BitCast(dw, at.block);
  const auto row = hn::BitCast(dw, at.row);
  const auto stream = hn::Set(dw, grid.key.stream);
  const auto step = hn::Set(dw, grid.key.step);
  Half even{block, row, stream, step};
  Half odd{hn::ShiftRight<32>(block), hn::ShiftRight<32>(row), stream, step};
  const VecU m0 = hn::Set(d, 0xD2511F53u);
  const VecU m1 = hn::Set(d, 0xCD9E8D57u);
  uint32_t k0 = static_cast<uint32_t>(grid.key.seed);
  uint32_t k1 = static_cast<uint32_t>(grid.key.seed >> 32);
  for (int round = 0; round < 10; ++round) {
    even.Round(m0, m1, hn::Set(dw, k0), hn::Set(dw, k1));
    odd.Round(m0, m1, hn::Set(dw, k0), hn::Set(dw, k1));
    k0 += 0x9E3779B9;
    k1 += 0xBB67AE85;
  }
  const auto join = [&](auto e, auto o) HWY_ATTR {
    return hn::OddEven(hn::BitCast(d, hn::ShiftLeft<32>(o)), hn::BitCast(d, e));
  };
  w[0] = join(even.c0, odd.c0);
  w[1] = join(even.c1, odd.c1);
  w[2] = join(even.c2, odd.c2);
  w[3] = join(even.c3, odd.c3);
}

#endif

}  // namespace HWY_NAMESPACE
}  // namespace isthmus::kernels
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
