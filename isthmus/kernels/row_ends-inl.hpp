// Vectors at the ragged end of a row, compiled once per Highway target.
#if defined(ISTHMUS_KERNELS_ROW_ENDS_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef ISTHMUS_KERNELS_ROW_ENDS_INL_HPP
#undef ISTHMUS_KERNELS_ROW_ENDS_INL_HPP
#else
#define ISTHMUS_KERNELS_ROW_ENDS_INL_HPP
#endif

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace isthmus::kernels {
namespace HWY_NAMESPACE {
namespace rows {

namespace hn = hwy::HWY_NAMESPACE;

/// Whether the instruction set loads and stores chosen lanes, and touches no memory of the others.
constexpr bool has_masks = HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX2;

/// The n < Lanes numbers at p, and `fill` in the lanes after them; reads nothing beyond.
template <class D>
HWY_INLINE hn::Vec<D> LoadPart(D d, const float* p, size_t n, float fill) {
  if constexpr (has_masks) {
    const auto mask = hn::FirstN(d, n);
    const auto numbers = hn::MaskedLoad(mask, d, p);
    return fill == 0 ? numbers : hn::IfThenElse(mask, numbers, hn::Set(d, fill));
  }
  HWY_ALIGN float lanes[hn::MaxLanes(d)];
  hn::Store(hn::Set(d, fill), d, lanes);
  for (size_t i = 0; i < n; ++i) lanes[i] = p[i];
  return hn::Load(d, lanes);
}

template <class D>
HWY_INLINE void StorePart(hn::Vec<D> v, D d, float* p, size_t n) {
  if constexpr (has_masks) return hn::BlendedStore(v, hn::FirstN(d, n), d, p);
  HWY_ALIGN float lanes[hn::MaxLanes(d)];
  hn::Store(v, d, lanes);
  for (size_t i = 0; i < n; ++i) p[i] = lanes[i];
}

/// The numbers at p, of which `left` remain; 0 in the lanes beyond.
template <class D>
HWY_INLINE hn::Vec<D> Load(D d, const float* p, size_t left) {
  return left >= hn::Lanes(d) ? hn::LoadU(d, p) : LoadPart(d, p, left, 0.0f);
}

template <class D>
HWY_INLINE void Store(hn::Vec<D> v, D d, float* p, size_t left) {
  if (left >= hn::Lanes(d))
    hn::StoreU(v, d, p);
  else
    StorePart(v, d, p, left);
}

}  // namespace rows
}  // namespace HWY_NAMESPACE
}  // namespace isthmus::kernels
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
