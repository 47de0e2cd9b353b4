#include "isthmus/kernels/pixels.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "isthmus/core/error.hpp"
#include "isthmus/kernels/parallel.hpp"
#include "isthmus/kernels/simd.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "isthmus/kernels/pixels.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace isthmus::kernels {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

void DivideRow(float* out, const uint8_t* pixels, float white, size_t n) {
  const hn::ScalableTag<float> d;
  const hn::RebindToSigned<decltype(d)> di;
  const hn::Rebind<uint8_t, decltype(d)> bytes;
  const size_t lanes = hn::Lanes(d);
  const auto divisor = hn::Set(d, white);
  size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    const auto x = hn::ConvertTo(d, hn::PromoteTo(di, hn::LoadU(bytes, pixels + i)));
    hn::StoreU(hn::Div(x, divisor), d, out + i);
  }
  for (; i < n; ++i) out[i] = static_cast<float>(pixels[i]) / white;
}

}  // namespace HWY_NAMESPACE
}  // namespace isthmus::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace isthmus::kernels {
namespace {

HWY_EXPORT(DivideRow);

}  // namespace

void gather_pixels(std::span<float> out, std::span<const uint8_t> pixels, std::span<const int64_t> rows,
                   int64_t each, float white) {
  const auto count = static_cast<int64_t>(rows.size());
  const int64_t examples = each < 1 ? 0 : static_cast<int64_t>(pixels.size()) / each;
  const bool there = std::ranges::all_of(rows, [&](int64_t row) { return row >= 0 && row < examples; });
  if (!there || static_cast<int64_t>(out.size()) != count * each)
    throw Error(
        {.who = "gather_pixels",
         .expected = fmt::format("rows of {} examples of {} bytes, and room for {} numbers", examples, each,
                                 count * each),
         .got = fmt::format("{} numbers' room{}", out.size(), there ? "" : ", and a row beyond them")});
  over_rows(count, each, [&](int64_t r) {
    HWY_DYNAMIC_DISPATCH(DivideRow)
    (out.data() + r * each, pixels.data() + rows[static_cast<size_t>(r)] * each, white,
     static_cast<size_t>(each));
  });
}

}  // namespace isthmus::kernels
#endif  // HWY_ONCE
