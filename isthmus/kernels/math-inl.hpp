// Elementary functions, compiled once per Highway target. NaN in, NaN out. The errors
// named were measured over a grid of all magnitudes (tests/kernels/activation_test.cpp repeats it).
// Coefficients: minimax fits by this project.
#if defined(ISTHMUS_KERNELS_MATH_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef ISTHMUS_KERNELS_MATH_INL_HPP
#undef ISTHMUS_KERNELS_MATH_INL_HPP
#else
#define ISTHMUS_KERNELS_MATH_INL_HPP
#endif

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace isthmus::kernels {
namespace HWY_NAMESPACE {
namespace math {

namespace hn = hwy::HWY_NAMESPACE;

/// (e^r - 1 - r) / r² for |r| <= 0.35.
template <class D, class V>
HWY_INLINE V ExpRest(D d, V r) {
  V q = hn::Set(d, 0.0013813144760206342f);
  q = hn::MulAdd(q, r, hn::Set(d, 0.008369418792426586f));
  q = hn::MulAdd(q, r, hn::Set(d, 0.04166845604777336f));
  q = hn::MulAdd(q, r, hn::Set(d, 0.16666515171527863f));
  return hn::MulAdd(q, r, hn::Set(d, 0.4999999403953552f));
}

/// e^x - 1 - x, which is never negative, to the precision of the result; `exp` is e^x where |x| > 0.35.
template <class D, class V>
HWY_INLINE V ExpBeyondLine(D d, V x, V exp) {
  const V far = hn::Sub(hn::Sub(exp, hn::Set(d, 1.0f)), x);
  return hn::IfThenElse(hn::Le(hn::Abs(x), hn::Set(d, 0.35f)), hn::Mul(hn::Mul(x, x), ExpRest(d, x)), far);
}

/// e^x, with denormal results, 0 below -104 and infinity above 88.73.
template <class D, class V>
HWY_INLINE V Exp(D d, V x) {
  const hn::RebindToSigned<D> di;
  // Comparisons that are false for NaN keep it, which Min and Max would not everywhere.
  x = hn::IfThenElse(hn::Lt(x, hn::Set(d, -104.0f)), hn::Set(d, -104.0f), x);
  x = hn::IfThenElse(hn::Gt(x, hn::Set(d, 89.0f)), hn::Set(d, 89.0f), x);
  const V n = hn::Round(hn::Mul(x, hn::Set(d, 1.44269504f)));
  V r = hn::NegMulAdd(n, hn::Set(d, 0.693359375f), x);
  r = hn::NegMulAdd(n, hn::Set(d, -2.12194440e-4f), r);
  const V p = hn::Add(hn::MulAdd(hn::Mul(r, r), ExpRest(d, r), r), hn::Set(d, 1.0f));
  // 2^n in two factors, since n runs from -150 to 128 and a float's exponent does not.
  const auto bias = hn::Set(di, 127);
  const auto k = hn::ConvertTo(di, n);
  const auto half = hn::ShiftRight<1>(k);
  const V a = hn::BitCast(d, hn::ShiftLeft<23>(hn::Add(half, bias)));
  const V b = hn::BitCast(d, hn::ShiftLeft<23>(hn::Add(hn::Sub(k, half), bias)));
  return hn::Mul(hn::Mul(p, a), b);
}

/// 1 / (1 + e^-x)
template <class D, class V>
HWY_INLINE V Sigmoid(D d, V x) {
  const V one = hn::Set(d, 1.0f);
  const V e = Exp(d, hn::Neg(hn::Abs(x)));
  return hn::Div(hn::IfThenElse(hn::Lt(x, hn::Zero(d)), e, one), hn::Add(one, e));
}

template <class D, class V>
HWY_INLINE V Tanh(D d, V x) {
  const V one = hn::Set(d, 1.0f);
  const V magnitude = hn::Abs(x);
  const V e = Exp(d, hn::Add(magnitude, magnitude));
  const V large = hn::Sub(one, hn::Div(hn::Set(d, 2.0f), hn::Add(e, one)));
  const V z = hn::Mul(x, x);
  V p = hn::Set(d, -0.005704978480935097f);
  p = hn::MulAdd(p, z, hn::Set(d, 0.020639078691601753f));
  p = hn::MulAdd(p, z, hn::Set(d, -0.05373971164226532f));
  p = hn::MulAdd(p, z, hn::Set(d, 0.13331441581249237f));
  p = hn::MulAdd(p, z, hn::Set(d, -0.3333328068256378f));
  const V small = hn::MulAdd(hn::Mul(magnitude, z), p, magnitude);
  const V y = hn::IfThenElse(hn::Lt(magnitude, hn::Set(d, 0.625f)), small, large);
  return hn::CopySign(y, x);
}

/// log(1 + t) for 0 <= t <= 1, to the precision of the result: 2 atanh(t / (2 + t)).
template <class D, class V>
HWY_INLINE V Log1pOfUnit(D d, V t) {
  const V s = hn::Div(t, hn::Add(t, hn::Set(d, 2.0f)));
  const V z = hn::Mul(s, s);
  V p = hn::Set(d, 0.12150466442108154f);
  p = hn::MulAdd(p, z, hn::Set(d, 0.10713829100131989f));
  p = hn::MulAdd(p, z, hn::Set(d, 0.14308442175388336f));
  p = hn::MulAdd(p, z, hn::Set(d, 0.19999438524246216f));
  p = hn::MulAdd(p, z, hn::Set(d, 0.3333333730697632f));
  const V twice = hn::Add(s, s);
  return hn::MulAdd(hn::Mul(twice, z), p, twice);
}

/// log(1 + e^x)
template <class D, class V>
HWY_INLINE V Softplus(D d, V x) {
  const V positive = hn::IfThenElse(hn::Lt(x, hn::Zero(d)), hn::Zero(d), x);
  return hn::Add(positive, Log1pOfUnit(d, Exp(d, hn::Neg(hn::Abs(x)))));
}

/// 1 - e^-y for y >= 0, without cancellation near 0.
template <class D, class V>
HWY_INLINE V OneMinusExpNeg(D d, V y) {
  const V r = hn::Neg(y);
  const V small = hn::NegMulAdd(hn::Mul(r, r), ExpRest(d, r), y);
  return hn::IfThenElse(hn::Lt(y, hn::Set(d, 0.35f)), small, hn::Sub(hn::Set(d, 1.0f), Exp(d, r)));
}

/// log(x) of a positive, normal, finite x.
template <class D, class V>
HWY_INLINE V Log(D d, V x) {
  const hn::RebindToSigned<D> di;
  // x = 2^e m with m in [sqrt(1/2), sqrt(2)): e = 0 near 1, where nothing may cancel.
  const auto root = hn::Set(di, 0x3F3504F3);
  const auto bits = hn::Sub(hn::BitCast(di, x), root);
  const V e = hn::ConvertTo(d, hn::ShiftRight<23>(bits));
  const V m = hn::BitCast(d, hn::Add(hn::And(bits, hn::Set(di, 0x007FFFFF)), root));
  const V f = hn::Sub(m, hn::Set(d, 1.0f));
  const V f2 = hn::Mul(f, f);
  V p = hn::Set(d, 0.08700434863567352f);
  p = hn::MulAdd(p, f, hn::Set(d, -0.14267486333847046f));
  p = hn::MulAdd(p, f, hn::Set(d, 0.14914768934249878f));
  p = hn::MulAdd(p, f, hn::Set(d, -0.1657758504152298f));
  p = hn::MulAdd(p, f, hn::Set(d, 0.19963063299655914f));
  p = hn::MulAdd(p, f, hn::Set(d, -0.2500133812427521f));
  p = hn::MulAdd(p, f, hn::Set(d, 0.3333390951156616f));
  V small = hn::Mul(hn::Mul(p, f), f2);
  small = hn::MulAdd(e, hn::Set(d, -2.12194440e-4f), small);
  small = hn::NegMulAdd(f2, hn::Set(d, 0.5f), small);
  return hn::MulAdd(e, hn::Set(d, 0.693359375f), hn::Add(f, small));
}

}  // namespace math
}  // namespace HWY_NAMESPACE
}  // namespace isthmus::kernels
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
