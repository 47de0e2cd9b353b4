#include "isthmus/kernels/contraction.hpp"

#include <fmt/format.h>

#include "isthmus/core/error.hpp"
#include "isthmus/kernels/column_sum.hpp"
#include "isthmus/kernels/parallel.hpp"
#include "isthmus/kernels/simd.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "isthmus/kernels/contraction.cpp"
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

struct Slope {
  V value;       // f'
  V derivative;  // of f'², with respect to y = f(·)
};

HWY_INLINE Slope SlopeOf(Activation activation, V y) {
  const D d;
  const V one = hn::Set(d, 1.0f), two = hn::Set(d, 2.0f);
  switch (activation) {
    case Activation::identity:
      return {one, hn::Zero(d)};
    case Activation::relu:
      return {hn::IfThenElseZero(hn::Gt(y, hn::Zero(d)), one), hn::Zero(d)};
    case Activation::tanh: {
      const V s = hn::Mul(hn::Sub(one, y), hn::Add(one, y));
      return {s, hn::Mul(hn::Set(d, -4.0f), hn::Mul(s, y))};
    }
    case Activation::sigmoid: {
      const V s = hn::Mul(y, hn::Sub(one, y));
      return {s, hn::Mul(two, hn::Mul(s, hn::NegMulAdd(two, y, one)))};
    }
    case Activation::softplus: {
      const V s = math::OneMinusExpNeg(d, y);
      return {s, hn::Mul(two, hn::Mul(s, hn::Sub(one, s)))};
    }
  }
  return {one, hn::Zero(d)};
}

float SquareRow(const float* x, size_t n) {
  const D d;
  const size_t lanes = hn::Lanes(d);
  V even = hn::Zero(d), odd = hn::Zero(d);
  size_t i = 0;
  for (; i + 2 * lanes <= n; i += 2 * lanes) {
    const V a = hn::LoadU(d, x + i), b = hn::LoadU(d, x + i + lanes);
    even = hn::MulAdd(a, a, even);
    odd = hn::MulAdd(b, b, odd);
  }
  float sum = hn::GetLane(hn::SumOfLanes(d, hn::Add(even, odd)));
  for (; i < n; ++i) sum += x[i] * x[i];
  return sum;
}

void ScaledRow(float* HWY_RESTRICT out, float scale, const float* HWY_RESTRICT x, size_t n, bool add) {
  const D d;
  const size_t lanes = hn::Lanes(d);
  const V factor = hn::Set(d, scale);
  size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    const V old = add ? hn::LoadU(d, out + i) : hn::Zero(d);
    hn::StoreU(hn::MulAdd(factor, hn::LoadU(d, x + i), old), d, out + i);
  }
  for (; i < n; ++i) out[i] = (add ? out[i] : 0) + scale * x[i];
}

float ContractionRow(Activation activation, const float* h, const float* norms, size_t n) {
  const D d;
  const size_t lanes = hn::Lanes(d);
  V sum = hn::Zero(d);
  const auto add = [&](V y, V norm) HWY_ATTR {
    const V s = SlopeOf(activation, y).value;
    sum = hn::MulAdd(hn::Mul(s, s), norm, sum);
  };
  size_t i = 0;
  for (; i + lanes <= n; i += lanes) add(hn::LoadU(d, h + i), hn::LoadU(d, norms + i));
  if (i < n) add(rows::LoadPart(d, h + i, n - i, 0), rows::LoadPart(d, norms + i, n - i, 0));
  return hn::GetLane(hn::SumOfLanes(d, sum));
}

void ContractionBackwardRow(Activation activation, float* dh, float* sums, float g, const float* h,
                            const float* norms, size_t n) {
  const D d;
  const size_t lanes = hn::Lanes(d);
  const V factor = hn::Set(d, g);
  size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    const Slope slope = SlopeOf(activation, hn::LoadU(d, h + i));
    hn::StoreU(hn::Mul(factor, hn::Mul(slope.derivative, hn::LoadU(d, norms + i))), d, dh + i);
    if (sums)
      hn::StoreU(hn::MulAdd(factor, hn::Mul(slope.value, slope.value), hn::LoadU(d, sums + i)), d, sums + i);
  }
  if (i == n) return;
  const Slope slope = SlopeOf(activation, rows::LoadPart(d, h + i, n - i, 0));
  const V norm = rows::LoadPart(d, norms + i, n - i, 0);
  rows::StorePart(hn::Mul(factor, hn::Mul(slope.derivative, norm)), d, dh + i, n - i);
  if (sums) {
    const V old = rows::LoadPart(d, sums + i, n - i, 0);
    rows::StorePart(hn::MulAdd(factor, hn::Mul(slope.value, slope.value), old), d, sums + i, n - i);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace isthmus::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace isthmus::kernels {
namespace {

HWY_EXPORT(SquareRow);
HWY_EXPORT(ScaledRow);
HWY_EXPORT(ContractionRow);
HWY_EXPORT(ContractionBackwardRow);

void check(std::string_view who, size_t matrix, int64_t rows, int64_t columns) {
  if (rows >= 0 && columns >= 0 && static_cast<int64_t>(matrix) == rows * columns) return;
  throw Error({.who = who,
               .expected = fmt::format("a matrix of {} x {}", rows, columns),
               .got = fmt::format("{} numbers", matrix)});
}

}  // namespace

void row_squares(std::span<float> out, std::span<const float> weight, int64_t columns) {
  const auto rows = static_cast<int64_t>(out.size());
  check("row_squares", weight.size(), rows, columns);
  over_rows(rows, columns, [&](int64_t row) {
    out[static_cast<size_t>(row)] =
        HWY_DYNAMIC_DISPATCH(SquareRow)(weight.data() + row * columns, static_cast<size_t>(columns));
  });
}

void contraction(std::span<float> out, std::span<const float> h, std::span<const float> norms, int64_t rows,
                 Activation activation) {
  const auto units = static_cast<int64_t>(norms.size());
  check("contraction", h.size(), rows, units);
  check("contraction", out.size(), rows, 1);
  over_rows(rows, units, [&](int64_t row) {
    out[static_cast<size_t>(row)] =
        HWY_DYNAMIC_DISPATCH(ContractionRow)(activation, h.data() + row * units, norms.data(), norms.size());
  });
}

void contraction_backward(std::span<float> dh, std::span<float> dnorms, std::span<const float> g,
                          std::span<const float> h, std::span<const float> norms, int64_t rows,
                          Activation activation) {
  const auto units = static_cast<int64_t>(norms.size());
  check("contraction_backward", h.size(), rows, units);
  check("contraction_backward", dh.size(), rows, units);
  check("contraction_backward", g.size(), rows, 1);
  if (!dnorms.empty()) check("contraction_backward", dnorms.size(), units, 1);
  sum_columns(dnorms, false, rows, units, [&](int64_t begin, int64_t end, float* sums) {
    for (int64_t row = begin; row < end; ++row) HWY_DYNAMIC_DISPATCH(ContractionBackwardRow)
    (activation, dh.data() + row * units, sums, g[static_cast<size_t>(row)], h.data() + row * units,
     norms.data(), norms.size());
  });
}

void row_squares_backward(std::span<float> out, std::span<const float> scale, std::span<const float> weight,
                          int64_t columns, bool add) {
  const auto rows = static_cast<int64_t>(scale.size());
  check("row_squares_backward", weight.size(), rows, columns);
  check("row_squares_backward", out.size(), rows, columns);
  over_rows(rows, columns, [&](int64_t row) {
    HWY_DYNAMIC_DISPATCH(ScaledRow)
    (out.data() + row * columns, 2 * scale[static_cast<size_t>(row)], weight.data() + row * columns,
     static_cast<size_t>(columns), add);
  });
}

}  // namespace isthmus::kernels
#endif  // HWY_ONCE
