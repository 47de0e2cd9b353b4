#include "isthmus/kernels/bfloat16.hpp"

#include <fmt/format.h>

#include "isthmus/core/error.hpp"
#include "isthmus/kernels/parallel.hpp"
#include "isthmus/kernels/simd.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "isthmus/kernels/bfloat16.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "isthmus/kernels/bfloat16-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace isthmus::kernels {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

void RoundChunk(Bfloat16* out, const float* numbers, size_t n) {
  const hn::ScalableTag<float> d;
  const size_t lanes = hn::Lanes(d);
  size_t i = 0;
  for (; i + lanes <= n; i += lanes) bfloat16::Store(hn::LoadU(d, numbers + i), d, out + i);
  for (; i < n; ++i) out[i] = to_bfloat16(numbers[i]);
}

}  // namespace HWY_NAMESPACE
}  // namespace isthmus::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace isthmus::kernels {
namespace {

HWY_EXPORT(RoundChunk);

}  // namespace

void round_to_bfloat16(std::span<Bfloat16> out, std::span<const float> numbers) {
  if (out.size() != numbers.size())
    throw Error({.who = "round_to_bfloat16",
                 .expected = fmt::format("room for {} numbers", numbers.size()),
                 .got = fmt::format("{}", out.size())});
  const auto count = static_cast<int64_t>(numbers.size());
  parallel_for(count, 16384, count, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(RoundChunk)
    (out.data() + begin, numbers.data() + begin, static_cast<size_t>(end - begin));
  });
}

}  // namespace isthmus::kernels
#endif  // HWY_ONCE
