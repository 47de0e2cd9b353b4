#include "isthmus/kernels/activation.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "isthmus/core/error.hpp"
#include "isthmus/kernels/column_sum.hpp"
#include "isthmus/kernels/parallel.hpp"
#include "isthmus/kernels/simd.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "isthmus/kernels/activation.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "isthmus/kernels/bfloat16-inl.hpp"
#include "isthmus/kernels/math-inl.hpp"
#include "isthmus/kernels/row_ends-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace isthmus::kernels {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

template <Activation activation>
HWY_INLINE V Apply(V x) {
  const D d;
  if constexpr (activation == Activation::relu)
    return hn::IfThenElse(hn::Lt(x, hn::Zero(d)), hn::Zero(d), x);
  else if constexpr (activation == Activation::tanh)
    return math::Tanh(d, x);
  else if constexpr (activation == Activation::sigmoid)
    return math::Sigmoid(d, x);
  else if constexpr (activation == Activation::softplus)
    return math::Softplus(d, x);
  else
    return x;
}

template <Activation activation>
HWY_INLINE V Derivative(V y, V dy) {
  const D d;
  const V one = hn::Set(d, 1.0f);
  if constexpr (activation == Activation::relu)
    return hn::IfThenZeroElse(hn::Le(y, hn::Zero(d)), dy);
  else if constexpr (activation == Activation::tanh)
    return hn::Mul(dy, hn::Mul(hn::Sub(one, y), hn::Add(one, y)));
  else if constexpr (activation == Activation::sigmoid)
    return hn::Mul(dy, hn::Mul(y, hn::Sub(one, y)));
  else if constexpr (activation == Activation::softplus)
    return hn::Mul(dy, math::OneMinusExpNeg(d, y));
  else
    return dy;
}

/// One row (or, without a bias, any run of numbers).
template <Activation activation>
HWY_INLINE void ForwardRow(float* y, const float* bias, size_t n) {
  const D d;
  const size_t lanes = hn::Lanes(d);
  size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    const V x = hn::LoadU(d, y + i);
    hn::StoreU(Apply<activation>(bias ? hn::Add(x, hn::LoadU(d, bias + i)) : x), d, y + i);
  }
  if (i < n) {
    const V x = rows::LoadPart(d, y + i, n - i, 0);
    const V moved = bias ? hn::Add(x, rows::LoadPart(d, bias + i, n - i, 0)) : x;
    rows::StorePart(Apply<activation>(moved), d, y + i, n - i);
  }
}

HWY_INLINE void Put(V v, float* p) {
  hn::StoreU(v, D(), p);
}
HWY_INLINE void Put(V v, Bfloat16* p) {
  bfloat16::Store(v, D(), p);
}
HWY_INLINE void PutPart(V v, float* p, size_t n) {
  rows::StorePart(v, D(), p, n);
}
HWY_INLINE void PutPart(V v, Bfloat16* p, size_t n) {
  const D d;
  HWY_ALIGN float lanes[hn::MaxLanes(d)];
  hn::Store(v, d, lanes);
  for (size_t i = 0; i < n; ++i) p[i] = to_bfloat16(lanes[i]);
}

template <Activation activation, class Out>
HWY_INLINE void BackwardRow(Out* dx, float* sums, const float* y, const float* dy, size_t n) {
  const D d;
  const size_t lanes = hn::Lanes(d);
  // The identity's gradient in its own place is there already.
  const bool stored = activation == Activation::identity && static_cast<const void*>(dx) == dy;
  size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    const V grad = Derivative<activation>(hn::LoadU(d, y + i), hn::LoadU(d, dy + i));
    if (!stored) Put(grad, dx + i);
    if (sums) hn::StoreU(hn::Add(hn::LoadU(d, sums + i), grad), d, sums + i);
  }
  if (i < n) {
    const V grad =
        Derivative<activation>(rows::LoadPart(d, y + i, n - i, 0), rows::LoadPart(d, dy + i, n - i, 0));
    PutPart(grad, dx + i, n - i);
    if (sums) rows::StorePart(hn::Add(rows::LoadPart(d, sums + i, n - i, 0), grad), d, sums + i, n - i);
  }
}

void Forward(Activation activation, float* y, const float* bias, size_t rows, size_t columns) {
  const auto run = [&]<Activation a>() HWY_ATTR {
    for (size_t r = 0; r < rows; ++r) ForwardRow<a>(y + r * columns, bias, columns);
  };
  switch (activation) {
    case Activation::identity:
      return run.template operator()<Activation::identity>();
    case Activation::relu:
      return run.template operator()<Activation::relu>();
    case Activation::tanh:
      return run.template operator()<Activation::tanh>();
    case Activation::sigmoid:
      return run.template operator()<Activation::sigmoid>();
    case Activation::softplus:
      return run.template operator()<Activation::softplus>();
  }
}

template <class Out>
HWY_INLINE void BackwardRows(Activation activation, Out* dx, float* sums, const float* y, const float* dy,
                             size_t rows, size_t columns) {
  const auto run = [&]<Activation a>() HWY_ATTR {
    for (size_t r = 0; r < rows; ++r) {
      const size_t at = r * columns;
      BackwardRow<a>(dx + at, sums, y + at, dy + at, columns);
    }
  };
  switch (activation) {
    case Activation::identity:
      return run.template operator()<Activation::identity>();
    case Activation::relu:
      return run.template operator()<Activation::relu>();
    case Activation::tanh:
      return run.template operator()<Activation::tanh>();
    case Activation::sigmoid:
      return run.template operator()<Activation::sigmoid>();
    case Activation::softplus:
      return run.template operator()<Activation::softplus>();
  }
}

void Backward(Activation activation, float* dx, float* sums, const float* y, const float* dy, size_t rows,
              size_t columns) {
  BackwardRows(activation, dx, sums, y, dy, rows, columns);
}

void BackwardRounded(Activation activation, Bfloat16* dx, float* sums, const float* y, const float* dy,
                     size_t rows, size_t columns) {
  BackwardRows(activation, dx, sums, y, dy, rows, columns);
}

}  // namespace HWY_NAMESPACE
}  // namespace isthmus::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace isthmus::kernels {
namespace {

HWY_EXPORT(Forward);
HWY_EXPORT(Backward);
HWY_EXPORT(BackwardRounded);

void check(size_t numbers, size_t per_column, int64_t rows, int64_t columns) {
  if (rows < 0 || columns < 0 || static_cast<int64_t>(numbers) != rows * columns ||
      (per_column != 0 && static_cast<int64_t>(per_column) != columns))
    throw Error({.who = "activation",
                 .expected = fmt::format("a matrix of {} x {} and a bias of {}", rows, columns, columns),
                 .got = fmt::format("{} and {} numbers", numbers, per_column)});
}

/// By `rows_kernel`, Backward or BackwardRounded.
template <class Out, class Kernel>
void backward(const Kernel& rows_kernel, std::span<Out> dx, std::span<float> dbias, std::span<const float> y,
              std::span<const float> dy, int64_t rows, int64_t columns, Activation activation,
              bool add_to_dbias) {
  check(dx.size(), dbias.size(), rows, columns);
  check(y.size(), dbias.size(), rows, columns);
  check(dy.size(), dbias.size(), rows, columns);
  sum_columns(dbias, add_to_dbias, rows, columns, [&](int64_t begin, int64_t end, float* sums) {
    const int64_t at = begin * columns;
    rows_kernel(activation, dx.data() + at, sums, y.data() + at, dy.data() + at,
                static_cast<size_t>(end - begin), static_cast<size_t>(columns));
  });
}

}  // namespace

void activate(std::span<float> y, std::span<const float> bias, int64_t rows, int64_t columns,
              Activation activation) {
  check(y.size(), bias.size(), rows, columns);
  if (y.empty() || (bias.empty() && activation == Activation::identity)) return;
  if (bias.empty()) {  // the rows then matter no more: one long run
    columns *= rows;
    parallel_for(columns, 8192, columns, [&](int64_t begin, int64_t end) {
      HWY_DYNAMIC_DISPATCH(Forward)(activation, y.data() + begin, nullptr, 1,
                                    static_cast<size_t>(end - begin));
    });
    return;
  }
  parallel_for(rows, rows_of_chunk(columns), rows * columns, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(Forward)
    (activation, y.data() + begin * columns, bias.data(), static_cast<size_t>(end - begin),
     static_cast<size_t>(columns));
  });
}

void activate_backward(std::span<float> dx, std::span<float> dbias, std::span<const float> y,
                       std::span<const float> dy, int64_t rows, int64_t columns, Activation activation,
                       bool add_to_dbias) {
  backward([](auto... all) { HWY_DYNAMIC_DISPATCH(Backward)(all...); }, dx, dbias, y, dy, rows, columns,
           activation, add_to_dbias);
}

void activate_backward(std::span<Bfloat16> dx, std::span<float> dbias, std::span<const float> y,
                       std::span<const float> dy, int64_t rows, int64_t columns, Activation activation,
                       bool add_to_dbias) {
  backward([](auto... all) { HWY_DYNAMIC_DISPATCH(BackwardRounded)(all...); }, dx, dbias, y, dy, rows,
           columns, activation, add_to_dbias);
}

}  // namespace isthmus::kernels
#endif  // HWY_ONCE
