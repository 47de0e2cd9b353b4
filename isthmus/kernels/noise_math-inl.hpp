// Elementary functions for noise, compiled once per Highway target. Unlike math-inl.hpp these must give the
// same bits on every target: only Mul, Add, Sub, Div, Sqrt and integer operations, each rounded once (the
// room is compiled with -ffp-contract=off so that no compiler fuses them). Coefficients: minimax fits by this
// project.
#if defined(ISTHMUS_KERNELS_NOISE_MATH_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef ISTHMUS_KERNELS_NOISE_MATH_INL_HPP
#undef ISTHMUS_KERNELS_NOISE_MATH_INL_HPP
#else
#define ISTHMUS_KERNELS_NOISE_MATH_INL_HPP
#endif

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace isthmus::kernels {
namespace HWY_NAMESPACE {
namespace noise {

namespace hn = hwy::HWY_NAMESPACE;

/// log(x) + shift · log 2 for a positive, normal, finite x. Relative error about 1e-7.
template <class D, class V>
HWY_INLINE V Log(D d, V x, float shift) {
  const hn::RebindToSigned<D> di;
  // Split x = 2^e m with m in [sqrt(1/2), sqrt(2)), so that e = 0 near x = 1 and nothing cancels there.
  const auto root = hn::Set(di, 0x3F3504F3);
  const auto bits = hn::Sub(hn::BitCast(di, x), root);
  const V e = hn::Add(hn::ConvertTo(d, hn::ShiftRight<23>(bits)), hn::Set(d, shift));
  const V m = hn::BitCast(d, hn::Add(hn::And(bits, hn::Set(di, 0x007FFFFF)), root));
  const V f = hn::Sub(m, hn::Set(d, 1.0f));
  const V f2 = hn::Mul(f, f);
  V p = hn::Set(d, 0.08700434863567352f);
  p = hn::Add(hn::Mul(p, f), hn::Set(d, -0.14267486333847046f));
  p = hn::Add(hn::Mul(p, f), hn::Set(d, 0.14914768934249878f));
  p = hn::Add(hn::Mul(p, f), hn::Set(d, -0.1657758504152298f));
  p = hn::Add(hn::Mul(p, f), hn::Set(d, 0.19963063299655914f));
  p = hn::Add(hn::Mul(p, f), hn::Set(d, -0.2500133812427521f));
  p = hn::Add(hn::Mul(p, f), hn::Set(d, 0.3333390951156616f));
  // log 2 in two parts; the upper has 9 bits, so that its product with e is exact.
  V small = hn::Mul(hn::Mul(p, f), f2);
  small = hn::Add(small, hn::Mul(e, hn::Set(d, -2.12194440e-4f)));
  small = hn::Sub(small, hn::Mul(f2, hn::Set(d, 0.5f)));
  return hn::Add(hn::Mul(e, hn::Set(d, 0.693359375f)), hn::Add(f, small));
}

/// Uniform in [2^-31, 1] as a float times 2^31 (the factor is exact; Log takes it off by its shift).
template <class D, class VU>
HWY_INLINE hn::Vec<D> OpenTimes2To31(D d, VU words) {
  const hn::RebindToSigned<D> di;
  const hn::RebindToUnsigned<D> du;
  return hn::ConvertTo(d, hn::BitCast(di, hn::Or(hn::ShiftRight<1>(words), hn::Set(du, 1u))));
}

template <class D, class VU>
HWY_INLINE hn::Vec<D> Uniform(D d, VU words) {
  const hn::RebindToSigned<D> di;
  return hn::Mul(hn::ConvertTo(d, hn::BitCast(di, hn::ShiftRight<8>(words))), hn::Set(d, 0x1p-24f));
}

/// Box–Muller: turns two words into two normal numbers; see fill_normal.
template <class D, class VU, class V>
HWY_INLINE void Normal(D d, VU a, VU b, V& x, V& y) {
  const hn::RebindToSigned<D> di;
  const hn::RebindToUnsigned<D> du;
  const V radius = hn::Sqrt(hn::Mul(hn::Set(d, -2.0f), Log(d, OpenTimes2To31(d, a), -31.0f)));
  const V t = hn::Mul(hn::ConvertTo(d, hn::BitCast(di, hn::ShiftLeft<2>(b))), hn::Set(d, 3.657294652e-10f));
  const V t2 = hn::Mul(t, t);
  V s = hn::Set(d, -0.0001951729936990887f);
  s = hn::Add(hn::Mul(s, t2), hn::Set(d, 0.008332177996635437f));
  s = hn::Add(hn::Mul(s, t2), hn::Set(d, -0.16666655242443085f));
  s = hn::Add(hn::Mul(hn::Mul(s, t2), t), t);
  V c = hn::Set(d, 2.443845005473122e-05f);
  c = hn::Add(hn::Mul(c, t2), hn::Set(d, -0.001388736767694354f));
  c = hn::Add(hn::Mul(c, t2), hn::Set(d, 0.04166664555668831f));
  c = hn::Add(hn::Mul(c, t2), hn::Set(d, -0.5f));
  c = hn::Add(hn::Mul(c, t2), hn::Set(d, 1.0f));
  c = hn::Xor(c, hn::BitCast(d, hn::And(b, hn::Set(du, 0x80000000u))));
  const auto swap = hn::RebindMask(d, hn::Lt(hn::BitCast(di, hn::ShiftLeft<1>(b)), hn::Zero(di)));
  x = hn::Mul(radius, hn::IfThenElse(swap, s, c));
  y = hn::Mul(radius, hn::IfThenElse(swap, c, s));
}

template <class D, class VU>
HWY_INLINE hn::Vec<D> Gumbel(D d, VU words) {
  using V = hn::Vec<D>;
  const V one = hn::Set(d, 1.0f);
  const V u = hn::Min(hn::Mul(OpenTimes2To31(d, words), hn::Set(d, 0x1p-31f)), hn::Set(d, 1.0f - 0x1p-24f));
  // log1p(-u): the logarithm of the rounded 1 - u, and to first order what the rounding took.
  const V rest = hn::Sub(one, u);
  const V lost = hn::Sub(hn::Sub(one, rest), u);
  const V exponential = hn::Neg(hn::Add(Log(d, rest, 0.0f), hn::Div(lost, rest)));
  return hn::Neg(Log(d, exponential, 0.0f));
}

}  // namespace noise
}  // namespace HWY_NAMESPACE
}  // namespace isthmus::kernels
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
