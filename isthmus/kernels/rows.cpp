#include "isthmus/kernels/rows.hpp"

#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "isthmus/core/error.hpp"
#include "isthmus/kernels/parallel.hpp"
#include "isthmus/kernels/simd.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "isthmus/kernels/rows.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "isthmus/kernels/math-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace isthmus::kernels {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using D64 = hn::ScalableTag<double>;
using D = hn::Rebind<float, D64>;  // as many floats as a vector has doubles, for sums in double
using V = hn::Vec<D>;

/// The largest number of a row; NaN is passed over.
float Largest(const float* x, size_t n) {
  const hn::ScalableTag<float> d;
  const size_t lanes = hn::Lanes(d);
  const float lowest = -std::numeric_limits<float>::infinity();
  auto best = hn::Set(d, lowest);
  const auto take = [&](auto v) HWY_ATTR { best = hn::IfThenElse(hn::Gt(v, best), v, best); };
  size_t i = 0;
  for (; i + lanes <= n; i += lanes) take(hn::LoadU(d, x + i));
  if (i < n) take(math::LoadPart(d, x + i, n - i, lowest));
  return hn::GetLane(hn::MaxOfLanes(d, best));
}

/// Sum of e^(x - shift) in double; when `out` is given, the terms go there.
double SumExp(const float* x, float shift, size_t n, float* out) {
  const D d;
  const D64 d64;
  const size_t lanes = hn::Lanes(d);
  const V minus = hn::Set(d, shift);
  auto sum = hn::Zero(d64);
  size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    const V e = math::Exp(d, hn::Sub(hn::LoadU(d, x + i), minus));
    sum = hn::Add(sum, hn::PromoteTo(d64, e));
    if (out) hn::StoreU(e, d, out + i);
  }
  if (i < n) {
    const float lowest = -std::numeric_limits<float>::infinity();
    const V e = math::Exp(d, hn::Sub(math::LoadPart(d, x + i, n - i, lowest), minus));
    sum = hn::Add(sum, hn::PromoteTo(d64, e));
    if (out) math::StorePart(e, d, out + i, n - i);
  }
  return hn::GetLane(hn::SumOfLanes(d64, sum));
}

double LogSumExpRow(const float* x, size_t n) {
  const float largest = Largest(x, n);
  const float shift = std::isfinite(largest) ? largest : 0.0f;
  return static_cast<double>(shift) + std::log(SumExp(x, shift, n, nullptr));
}

void SoftmaxRow(const float* x, size_t n, float* out) {
  const float factor = static_cast<float>(1.0 / SumExp(x, Largest(x, n), n, out));
  const hn::ScalableTag<float> d;
  const size_t lanes = hn::Lanes(d);
  size_t i = 0;
  for (; i + lanes <= n; i += lanes)
    hn::StoreU(hn::Mul(hn::LoadU(d, out + i), hn::Set(d, factor)), d, out + i);
  for (; i < n; ++i) out[i] *= factor;
}

}  // namespace HWY_NAMESPACE
}  // namespace isthmus::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace isthmus::kernels {
namespace {

HWY_EXPORT(LogSumExpRow);
HWY_EXPORT(SoftmaxRow);

void check(std::string_view who, size_t in, size_t out, int64_t rows, int64_t columns, int64_t results) {
  if (rows < 0 || columns < 0 || static_cast<int64_t>(in) != rows * columns ||
      static_cast<int64_t>(out) != results)
    throw Error({.who = who,
                 .expected = fmt::format("{} x {} numbers and room for {}", rows, columns, results),
                 .got = fmt::format("{} and {}", in, out)});
}

}  // namespace

void log_sum_exp(std::span<double> out, std::span<const float> in, int64_t rows, int64_t columns) {
  check("log_sum_exp", in.size(), out.size(), rows, columns, rows);
  over_rows(rows, columns, [&](int64_t r) {
    out[static_cast<size_t>(r)] =
        HWY_DYNAMIC_DISPATCH(LogSumExpRow)(in.data() + r * columns, static_cast<size_t>(columns));
  });
}

void softmax(std::span<float> out, std::span<const float> in, int64_t rows, int64_t columns) {
  check("softmax", in.size(), out.size(), rows, columns, rows * columns);
  over_rows(rows, columns, [&](int64_t r) {
    HWY_DYNAMIC_DISPATCH(SoftmaxRow)
    (in.data() + r * columns, static_cast<size_t>(columns), out.data() + r * columns);
  });
}

}  // namespace isthmus::kernels
#endif  // HWY_ONCE
