#include "isthmus/kernels/discretised_logistic.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "isthmus/core/error.hpp"
#include "isthmus/kernels/column_sum.hpp"
#include "isthmus/kernels/parallel.hpp"
#include "isthmus/kernels/shared_rows.hpp"
#include "isthmus/kernels/simd.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "isthmus/kernels/discretised_logistic.cpp"
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
using M = hn::Mask<D>;

/// What log P and its gradients share. With a and b the upper and lower edge of x's bin in units of the
/// scale, and δ = a − b: log P = log σ(a) + log σ(−b) + log(1 − e^−δ), of which the open bins have but one
/// edge.
struct Bin {
  V centre, delta;  // from the mean to the middle of the bin, in bins; the width of a bin in scales
  M first, last, held;

  HWY_INLINE Bin(V mean, V log_scale, V x) {
    const D d;
    const V white = hn::Set(d, 255.0f);
    const V least = hn::Set(d, static_cast<float>(least_log_scale));
    const V bin = hn::Round(hn::Mul(x, white));
    held = hn::Lt(log_scale, least);
    const V scale = hn::IfThenElse(held, least, log_scale);
    delta = hn::Mul(math::Exp(d, hn::Neg(scale)), hn::Set(d, 1.0f / 255.0f));
    centre = hn::NegMulAdd(mean, white, bin);
    first = hn::Eq(bin, hn::Zero(d));
    last = hn::Eq(bin, white);
  }
  HWY_INLINE V upper() const { return hn::Mul(hn::Add(centre, hn::Set(D(), 0.5f)), delta); }    // a
  HWY_INLINE V beneath() const { return hn::Mul(hn::Sub(hn::Set(D(), 0.5f), centre), delta); }  // −b
};

HWY_INLINE V LogMass(V mean, V log_scale, V x) {
  const D d;
  const Bin bin(mean, log_scale, x);
  const V below_upper = hn::Neg(math::Softplus(d, hn::Neg(bin.upper())));
  const V above_lower = hn::Neg(math::Softplus(d, hn::Neg(bin.beneath())));
  const V inside = math::Log(d, math::OneMinusExpNeg(d, bin.delta));
  const V both = hn::Add(hn::Add(below_upper, above_lower), inside);
  return hn::IfThenElse(bin.first, below_upper, hn::IfThenElse(bin.last, above_lower, both));
}

struct Gradients {
  V mean, log_scale;
};

HWY_INLINE Gradients GradientsOf(V mean, V log_scale, V x) {
  const D d;
  const Bin bin(mean, log_scale, x);
  const V zero = hn::Zero(d), half = hn::Set(d, 0.5f);
  // ∂ log σ(t) / ∂t = σ(−t); an open bin lacks one of its edges, and the width.
  const V up = hn::IfThenZeroElse(bin.last, math::Sigmoid(d, hn::Neg(bin.upper())));
  const V down = hn::IfThenZeroElse(bin.first, math::Sigmoid(d, hn::Neg(bin.beneath())));
  const V rest = math::OneMinusExpNeg(d, bin.delta);
  const V width = hn::Div(hn::Sub(hn::Set(d, 1.0f), rest), rest);  // ∂ log(1 − e^−δ) / ∂δ
  const V closed = hn::IfThenZeroElse(hn::Or(bin.first, bin.last), width);
  V by_delta = hn::MulAdd(hn::Add(bin.centre, half), up, closed);
  by_delta = hn::MulAdd(hn::Sub(half, bin.centre), down, by_delta);
  return {hn::Mul(hn::Mul(hn::Set(d, -255.0f), bin.delta), hn::Sub(up, down)),
          hn::IfThenElse(bin.held, zero, hn::Neg(hn::Mul(bin.delta, by_delta)))};
}

double RowLogLikelihood(const float* HWY_RESTRICT x, const float* HWY_RESTRICT mean,
                        const float* HWY_RESTRICT log_scale, size_t n) {
  const D d;
  const size_t lanes = hn::Lanes(d);
  double total = 0;
  size_t i = 0;
  while (i < n) {  // lanes of float for a stretch, then one number in double
    V sum = hn::Zero(d);
    const size_t stop = std::min(n, i + 16 * lanes);
    for (; i + lanes <= stop; i += lanes)
      sum = hn::Add(sum, LogMass(hn::LoadU(d, mean + i), hn::LoadU(d, log_scale + i), hn::LoadU(d, x + i)));
    total += static_cast<double>(hn::GetLane(hn::SumOfLanes(d, sum)));
    if (i < stop) {
      const size_t left = stop - i;
      HWY_ALIGN float part[hn::MaxLanes(d)];
      hn::Store(LogMass(rows::LoadPart(d, mean + i, left, 0), rows::LoadPart(d, log_scale + i, left, 0),
                        rows::LoadPart(d, x + i, left, 0)),
                d, part);
      for (size_t j = 0; j < left; ++j) total += static_cast<double>(part[j]);
      i = stop;
    }
  }
  return total;
}

/// dmean; and the gradient of the log scale, stored at dscale or added to sums, whichever is given.
void RowBackward(float* dmean, float* dscale, float* sums, float g, const float* HWY_RESTRICT x,
                 const float* HWY_RESTRICT mean, const float* HWY_RESTRICT log_scale, size_t n) {
  const D d;
  const size_t lanes = hn::Lanes(d);
  const V weight = hn::Set(d, g);
  size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    const Gradients got =
        GradientsOf(hn::LoadU(d, mean + i), hn::LoadU(d, log_scale + i), hn::LoadU(d, x + i));
    hn::StoreU(hn::Mul(weight, got.mean), d, dmean + i);
    if (dscale) hn::StoreU(hn::Mul(weight, got.log_scale), d, dscale + i);
    if (sums) hn::StoreU(hn::MulAdd(weight, got.log_scale, hn::LoadU(d, sums + i)), d, sums + i);
  }
  if (i == n) return;
  const size_t left = n - i;
  const Gradients got =
      GradientsOf(rows::LoadPart(d, mean + i, left, 0), rows::LoadPart(d, log_scale + i, left, 0),
                  rows::LoadPart(d, x + i, left, 0));
  rows::StorePart(hn::Mul(weight, got.mean), d, dmean + i, left);
  if (dscale) rows::StorePart(hn::Mul(weight, got.log_scale), d, dscale + i, left);
  if (sums)
    rows::StorePart(hn::MulAdd(weight, got.log_scale, rows::LoadPart(d, sums + i, left, 0)), d, sums + i,
                    left);
}

}  // namespace HWY_NAMESPACE
}  // namespace isthmus::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace isthmus::kernels {
namespace {

HWY_EXPORT(RowLogLikelihood);
HWY_EXPORT(RowBackward);

void check_size(std::string_view what, size_t got, int64_t expected) {
  if (static_cast<int64_t>(got) != expected)
    throw Error({.who = "discretised_logistic",
                 .expected = fmt::format("{} {}", expected, what),
                 .got = fmt::format("{}", got)});
}

/// Whether every row has log scales of its own; else all share one row of them.
bool of_each_row(size_t log_scales, int64_t rows, int64_t columns) {
  if (static_cast<int64_t>(log_scales) == rows * columns) return true;
  check_size("log scales, or as many for every row", log_scales, columns);
  return false;
}

}  // namespace

void discretised_logistic_log_likelihood(std::span<float> out, std::span<const float> x,
                                         std::span<const float> mean, std::span<const float> log_scale,
                                         int64_t rows, int64_t columns, int64_t repeat) {
  check_size("results", out.size(), rows);
  const SharedRows shared("discretised_logistic", x.size(), mean.size(), rows, columns, repeat);
  const int64_t stride = of_each_row(log_scale.size(), rows, columns) ? columns : 0;
  parallel_for(rows, shared.chunk(), 8 * rows * columns, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r)
      out[static_cast<size_t>(r)] = static_cast<float>(HWY_DYNAMIC_DISPATCH(RowLogLikelihood)(
          x.data() + shared.offset(r), mean.data() + r * columns, log_scale.data() + r * stride,
          static_cast<size_t>(columns)));
  });
}

void discretised_logistic_log_likelihood_backward(std::span<float> dmean, std::span<float> dlog_scale,
                                                  std::span<const float> g, std::span<const float> x,
                                                  std::span<const float> mean,
                                                  std::span<const float> log_scale, int64_t rows,
                                                  int64_t columns, int64_t repeat) {
  check_size("gradients, one a row", g.size(), rows);
  check_size("numbers for the gradient of the mean", dmean.size(), rows * columns);
  if (!dlog_scale.empty())
    check_size("numbers for the gradient of the log scale", dlog_scale.size(),
               static_cast<int64_t>(log_scale.size()));
  const SharedRows shared("discretised_logistic", x.size(), mean.size(), rows, columns, repeat);
  const bool own = of_each_row(log_scale.size(), rows, columns);
  sum_columns(own ? std::span<float>() : dlog_scale, false, rows, columns,
              [&](int64_t begin, int64_t end, float* sums) {
                for (int64_t r = begin; r < end; ++r) HWY_DYNAMIC_DISPATCH(RowBackward)
                (dmean.data() + r * columns,
                 own && !dlog_scale.empty() ? dlog_scale.data() + r * columns : nullptr, sums,
                 g[static_cast<size_t>(r)], x.data() + shared.offset(r), mean.data() + r * columns,
                 log_scale.data() + (own ? r * columns : 0), static_cast<size_t>(columns));
              });
}

}  // namespace isthmus::kernels
#endif  // HWY_ONCE
