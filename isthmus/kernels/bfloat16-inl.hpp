// Rounding to bfloat16, compiled once per Highway target.
#if defined(ISTHMUS_KERNELS_BFLOAT16_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef ISTHMUS_KERNELS_BFLOAT16_INL_HPP
#undef ISTHMUS_KERNELS_BFLOAT16_INL_HPP
#else
#define ISTHMUS_KERNELS_BFLOAT16_INL_HPP
#endif

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace isthmus::kernels {
namespace HWY_NAMESPACE {
namespace bfloat16 {

namespace hn = hwy::HWY_NAMESPACE;

/// Stores v at p as bfloat16, rounded to nearest, ties to even. NaN stays NaN. (DemoteTo of Highway 1.0 cuts
/// the low bits off, which pulls every number towards 0.)
template <class D>
HWY_INLINE void Store(hn::Vec<D> v, D /*d*/, uint16_t* p) {
  const hn::RebindToUnsigned<D> du;
  const hn::Rebind<uint16_t, D> half;
  const auto bits = hn::BitCast(du, v);
  const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(du, 1));
  const auto rounded = hn::Add(bits, hn::Add(odd, hn::Set(du, 0x7FFF)));
  const auto quiet = hn::Or(bits, hn::Set(du, 0x00400000));
  const auto kept = hn::IfThenElse(hn::RebindMask(du, hn::IsNaN(v)), quiet, rounded);
  const hn::RebindToSigned<D> di;
  hn::StoreU(hn::DemoteTo(half, hn::BitCast(di, hn::ShiftRight<16>(kept))), half, p);
}

}  // namespace bfloat16
}  // namespace HWY_NAMESPACE
}  // namespace isthmus::kernels
HWY_AFTER_NAMESPACE();

#endif
