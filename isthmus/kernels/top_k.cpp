#include "isthmus/kernels/top_k.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include <fmt/format.h>

#include "isthmus/core/error.hpp"
#include "isthmus/kernels/parallel.hpp"
#include "isthmus/kernels/simd.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "isthmus/kernels/top_k.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace isthmus::kernels {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using I = hn::ScalableTag<int32_t>;

/// Whole numbers in the order of x, so that one comparison serves floats of both signs.
void Keys(int32_t* keys, const float* x, size_t n) {
  const I d;
  const hn::RebindToFloat<I> df;
  const size_t lanes = hn::Lanes(d);
  const auto magnitude = hn::Set(d, 0x7FFFFFFF);
  size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    const auto v = hn::LoadU(df, x + i);
    const auto bits = hn::BitCast(d, v);
    const auto key = hn::Xor(bits, hn::And(hn::BroadcastSignBit(bits), magnitude));
    hn::StoreU(hn::IfThenElse(hn::RebindMask(d, hn::IsNaN(v)), magnitude, key), d, keys + i);
  }
  for (; i < n; ++i) {
    const auto bits = std::bit_cast<int32_t>(x[i]);
    keys[i] = std::isnan(x[i]) ? 0x7FFFFFFF : bits ^ (bits < 0 ? 0x7FFFFFFF : 0);
  }
}

size_t CountAtLeast(const int32_t* keys, int32_t least, size_t n) {
  const I d;
  const size_t lanes = hn::Lanes(d);
  const auto bound = hn::Set(d, least);
  auto below = hn::Zero(d);  // a comparison that holds is -1
  size_t i = 0;
  for (; i + lanes <= n; i += lanes)
    below = hn::Add(below, hn::VecFromMask(d, hn::Lt(hn::LoadU(d, keys + i), bound)));
  auto count = i - static_cast<size_t>(-hn::GetLane(hn::SumOfLanes(d, below)));
  for (; i < n; ++i) count += keys[i] >= least ? 1 : 0;
  return count;
}

/// Finds the k-th largest key by halving the range that it lies in.
void TopKRow(int32_t* places, const float* x, int32_t* keys, size_t n, size_t k) {
  Keys(keys, x, n);
  int64_t low = std::numeric_limits<int32_t>::min();                // at least k keys are as large
  int64_t high = int64_t{std::numeric_limits<int32_t>::max()} + 1;  // fewer are
  while (low + 1 < high) {
    const int64_t middle = low + (high - low) / 2;
    (CountAtLeast(keys, static_cast<int32_t>(middle), n) >= k ? low : high) = middle;
  }
  const auto kth = static_cast<int32_t>(low);
  const size_t above = kth == std::numeric_limits<int32_t>::max() ? 0 : CountAtLeast(keys, kth + 1, n);
  size_t equals = k - above;
  for (size_t i = 0; i < n; ++i) {
    if (keys[i] < kth || (keys[i] == kth && equals == 0)) continue;
    if (keys[i] == kth) --equals;
    *places++ = static_cast<int32_t>(i);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace isthmus::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace isthmus::kernels {
namespace {

HWY_EXPORT(TopKRow);

void check(std::string_view who, size_t numbers, size_t places, int64_t rows, int64_t columns, int64_t k) {
  if (rows >= 0 && k >= 1 && k <= columns && static_cast<int64_t>(numbers) == rows * columns &&
      static_cast<int64_t>(places) == rows * k)
    return;
  throw Error(
      {.who = who,
       .expected = "[rows, columns], with 1 to columns places a row",
       .got = fmt::format("{} numbers and {} places of {} x {}, k {}", numbers, places, rows, columns, k)});
}

}  // namespace

void top_k(std::span<int32_t> places, std::span<const float> x, int64_t rows, int64_t columns, int64_t k) {
  check("top_k", x.size(), places.size(), rows, columns, k);
  parallel_for(rows, rows_of_chunk(2 * columns), 32 * rows * columns, [&](int64_t begin, int64_t end) {
    std::vector<int32_t> keys(static_cast<size_t>(columns));
    for (int64_t r = begin; r < end; ++r) HWY_DYNAMIC_DISPATCH(TopKRow)
    (places.data() + r * k, x.data() + r * columns, keys.data(), static_cast<size_t>(columns),
     static_cast<size_t>(k));
  });
}

void keep_places(std::span<float> out, std::span<const float> x, std::span<const int32_t> places,
                 int64_t rows, int64_t columns) {
  const int64_t k = rows > 0 ? static_cast<int64_t>(places.size()) / rows : 1;
  check("keep_places", x.size(), places.size(), rows, columns, k);
  check("keep_places", out.size(), places.size(), rows, columns, k);
  for (int64_t r = 0; r < rows; ++r) {
    float* to = out.data() + r * columns;
    std::fill_n(to, columns, 0.0f);
    for (int64_t j = 0; j < k; ++j) {
      const int32_t place = places[static_cast<size_t>(r * k + j)];
      to[place] = x[static_cast<size_t>(r * columns + place)];
    }
  }
}

}  // namespace isthmus::kernels
#endif  // HWY_ONCE
