#include "isthmus/kernels/bernoulli.hpp"

#include <algorithm>

#include "isthmus/kernels/parallel.hpp"
#include "isthmus/kernels/shared_rows.hpp"
#include "isthmus/kernels/simd.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "isthmus/kernels/bernoulli.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "isthmus/kernels/math-inl.hpp"
#include "isthmus/kernels/row_ends-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace isthmus::kernels {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

/// A logit that adds nothing to a sum, for the lanes beyond the end of a row.
constexpr float nothing = -100.0f;

/// e^-|l|, and e^-87 beyond |l| = 87; relative error 3e-7. NaN may come out as a number.
HWY_INLINE V ExpNegAbs(V l) {
  const D d;
  const hn::RebindToSigned<D> di;
  const V a = hn::Min(hn::Abs(l), hn::Set(d, 87.0f));
  // Adding 1.5·2^23 rounds to an integer and leaves it in the low bits of the sum.
  const V magic = hn::Set(d, 12582912.0f);
  const V shifted = hn::MulAdd(a, hn::Set(d, -1.44269504f), magic);
  const V n = hn::Sub(shifted, magic);
  // -a - n log 2, with log 2 in two parts: n times the first is exact, with or without a fused multiply-add.
  V r = hn::NegMulAdd(n, hn::Set(d, 0.693359375f), hn::Neg(a));
  r = hn::NegMulAdd(n, hn::Set(d, -2.12194440e-4f), r);
  const V p = hn::Add(hn::MulAdd(hn::Mul(r, r), math::ExpRest(d, r), r), hn::Set(d, 1.0f));
  return hn::BitCast(d, hn::Add(hn::BitCast(di, p), hn::ShiftLeft<23>(hn::BitCast(di, shifted))));
}

/// log(1 + q) for q >= 0: the logarithm of the rounded sum, and to first order what the rounding took.
HWY_INLINE V Log1p(V q) {
  const D d;
  const V one = hn::Set(d, 1.0f);
  const V sum = hn::Add(q, one);
  // Which of the two summands is the larger decides how to recover what was lost.
  const V lost_small = hn::Sub(q, hn::Sub(sum, one));
  const V lost_large = hn::Sub(one, hn::Sub(sum, q));
  const V lost = hn::IfThenElse(hn::Lt(q, one), lost_small, lost_large);
  return hn::Add(math::Log(d, sum), hn::Div(lost, sum));
}

/// The sum over pixels of log(1 + e^-|l|) as one logarithm of a product. What is carried is the product less
/// 1, so that a row of sure pixels keeps its digits: (1 + q)(1 + e) - 1 = (q + e) + q e.
struct Sums {
  V linear;
  V product_less_one;

  HWY_INLINE void Add(V x, V l) {
    const D d;
    const V e = ExpNegAbs(l);
    linear = hn::Add(linear, hn::MulSub(x, l, hn::Max(l, hn::Zero(d))));
    product_less_one = hn::MulAdd(product_less_one, e, hn::Add(product_less_one, e));
  }
};

float RowLogLikelihood(const float* HWY_RESTRICT x, const float* HWY_RESTRICT l, size_t n) {
  const D d;
  const size_t lanes = hn::Lanes(d);
  double total = 0;
  size_t i = 0;
  while (i < n) {
    Sums sums{hn::Zero(d), hn::Zero(d)};
    // Each factor is at most 2: a hundred of them stay far from a float's 2^128.
    const size_t stop = std::min(n, i + 100 * lanes);
    for (; i + lanes <= stop; i += lanes) sums.Add(hn::LoadU(d, x + i), hn::LoadU(d, l + i));
    if (i < stop) {
      sums.Add(rows::LoadPart(d, x + i, stop - i, 0), rows::LoadPart(d, l + i, stop - i, nothing));
      i = stop;
    }
    const V sum = hn::Sub(sums.linear, Log1p(sums.product_less_one));
    total += static_cast<double>(hn::GetLane(hn::SumOfLanes(d, sum)));
  }
  return static_cast<float>(total);
}

/// g · (x - sigmoid(l))
HWY_INLINE V Gradient(V g, V x, V l) {
  const D d;
  const V one = hn::Set(d, 1.0f);
  const V e = ExpNegAbs(l);
  const V sigmoid = hn::Div(hn::IfThenElse(hn::Lt(l, hn::Zero(d)), e, one), hn::Add(one, e));
  return hn::Mul(g, hn::IfThenElse(hn::Eq(l, l), hn::Sub(x, sigmoid), l));
}

void RowBackward(float* dlogits, float g, const float* HWY_RESTRICT x, const float* l, size_t n) {
  const D d;
  const size_t lanes = hn::Lanes(d);
  const V scale = hn::Set(d, g);
  size_t i = 0;
  for (; i + lanes <= n; i += lanes)
    hn::StoreU(Gradient(scale, hn::LoadU(d, x + i), hn::LoadU(d, l + i)), d, dlogits + i);
  if (i < n)
    rows::StorePart(Gradient(scale, rows::LoadPart(d, x + i, n - i, 0), rows::LoadPart(d, l + i, n - i, 0)),
                    d, dlogits + i, n - i);
}

void LogLikelihood(const SharedRows& shared, int64_t begin, int64_t end, const float* x, const float* logits,
                   float* out) {
  for (int64_t r = begin; r < end; ++r)
    out[r] = RowLogLikelihood(x + shared.offset(r), logits + r * shared.columns,
                              static_cast<size_t>(shared.columns));
}

void Backward(const SharedRows& shared, int64_t begin, int64_t end, const float* g, const float* x,
              const float* logits, float* dlogits) {
  for (int64_t r = begin; r < end; ++r)
    RowBackward(dlogits + r * shared.columns, g[r], x + shared.offset(r), logits + r * shared.columns,
                static_cast<size_t>(shared.columns));
}

}  // namespace HWY_NAMESPACE
}  // namespace isthmus::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace isthmus::kernels {
namespace {

HWY_EXPORT(LogLikelihood);
HWY_EXPORT(Backward);

void check_rows(std::string_view what, size_t got, int64_t rows) {
  if (static_cast<int64_t>(got) != rows)
    throw Error({.who = "bernoulli",
                 .expected = fmt::format("{} {}, one a row", rows, what),
                 .got = fmt::format("{}", got)});
}

}  // namespace

void bernoulli_log_likelihood(std::span<float> out, std::span<const float> x, std::span<const float> logits,
                              int64_t rows, int64_t columns, int64_t repeat) {
  check_rows("results", out.size(), rows);
  const SharedRows shared("bernoulli", x.size(), logits.size(), rows, columns, repeat);
  parallel_for(rows, shared.chunk(), rows * columns, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(LogLikelihood)(shared, begin, end, x.data(), logits.data(), out.data());
  });
}

void bernoulli_log_likelihood_backward(std::span<float> dlogits, std::span<const float> g,
                                       std::span<const float> x, std::span<const float> logits, int64_t rows,
                                       int64_t columns, int64_t repeat) {
  check_rows("gradients", g.size(), rows);
  check_rows("numbers for the gradient of the logits", dlogits.size(), rows * columns);
  const SharedRows shared("bernoulli", x.size(), logits.size(), rows, columns, repeat);
  parallel_for(rows, shared.chunk(), rows * columns, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(Backward)(shared, begin, end, g.data(), x.data(), logits.data(), dlogits.data());
  });
}

}  // namespace isthmus::kernels
#endif  // HWY_ONCE
