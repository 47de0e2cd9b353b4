#include "isthmus/kernels/adam.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include <fmt/format.h>

#include "isthmus/core/error.hpp"
#include "isthmus/kernels/parallel.hpp"
#include "isthmus/kernels/simd.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "isthmus/kernels/adam.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "isthmus/kernels/bfloat16-inl.hpp"

#ifndef ISTHMUS_KERNELS_ADAM_ONCE
#define ISTHMUS_KERNELS_ADAM_ONCE
namespace isthmus::kernels {

/// The settings of a step, worked out in double once.
struct AdamFactors {
  float gradient_scale, coupled_decay, shrink;
  float beta1, rest1, beta2, rest2;
  float step_size, inverse_root, epsilon;

  explicit AdamFactors(const AdamStep& s)
      : gradient_scale(static_cast<float>(s.gradient_scale)),
        coupled_decay(static_cast<float>(s.decoupled ? 0 : s.weight_decay)),
        shrink(static_cast<float>(s.decoupled ? 1 - s.learning_rate * s.weight_decay : 1)),
        beta1(static_cast<float>(s.beta1)),
        rest1(static_cast<float>(1 - s.beta1)),
        beta2(static_cast<float>(s.beta2)),
        rest2(static_cast<float>(1 - s.beta2)),
        step_size(static_cast<float>(s.learning_rate / (1 - std::pow(s.beta1, static_cast<double>(s.step))))),
        inverse_root(static_cast<float>(1 / std::sqrt(1 - std::pow(s.beta2, static_cast<double>(s.step))))),
        epsilon(static_cast<float>(s.epsilon)) {}
};

inline void adam_one(const AdamFactors& f, float& p, float gradient, float& m, float& v) {
  const float g = gradient * f.gradient_scale + f.coupled_decay * p;
  m = f.beta1 * m + f.rest1 * g;
  v = f.beta2 * v + f.rest2 * g * g;
  p = f.shrink * p - f.step_size * m / (std::sqrt(v) * f.inverse_root + f.epsilon);
}

}  // namespace isthmus::kernels
#endif

HWY_BEFORE_NAMESPACE();
namespace isthmus::kernels {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

double AdamChunk(const AdamFactors& f, float* HWY_RESTRICT p, const float* HWY_RESTRICT g,
                 float* HWY_RESTRICT m, float* HWY_RESTRICT v, Bfloat16* HWY_RESTRICT shadow, size_t n) {
  const hn::ScalableTag<float> d;
  const auto set = [&](float x) HWY_ATTR { return hn::Set(d, x); };
  const auto scale = set(f.gradient_scale), decay = set(f.coupled_decay), shrink = set(f.shrink);
  const auto beta1 = set(f.beta1), rest1 = set(f.rest1), beta2 = set(f.beta2), rest2 = set(f.rest2);
  const auto size = set(f.step_size), root = set(f.inverse_root), epsilon = set(f.epsilon);
  const size_t lanes = hn::Lanes(d);
  auto squares = hn::Zero(d);
  size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    const auto old = hn::LoadU(d, p + i);
    const auto raw = hn::LoadU(d, g + i);
    squares = hn::MulAdd(raw, raw, squares);
    const auto grad = hn::MulAdd(raw, scale, hn::Mul(decay, old));
    const auto first = hn::MulAdd(beta1, hn::LoadU(d, m + i), hn::Mul(rest1, grad));
    const auto second = hn::MulAdd(beta2, hn::LoadU(d, v + i), hn::Mul(hn::Mul(rest2, grad), grad));
    hn::StoreU(first, d, m + i);
    hn::StoreU(second, d, v + i);
    const auto move = hn::Div(hn::Mul(size, first), hn::MulAdd(hn::Sqrt(second), root, epsilon));
    const auto next = hn::MulSub(shrink, old, move);
    hn::StoreU(next, d, p + i);
    if (shadow) bfloat16::Store(next, d, shadow + i);
  }
  double sum = static_cast<double>(hn::GetLane(hn::SumOfLanes(d, squares)));
  for (; i < n; ++i) {
    sum += static_cast<double>(g[i]) * static_cast<double>(g[i]);
    adam_one(f, p[i], g[i], m[i], v[i]);
    if (shadow) shadow[i] = to_bfloat16(p[i]);
  }
  return sum;
}

double SquaredNormChunk(const float* x, size_t n) {
  const hn::ScalableTag<double> d;
  const hn::Rebind<float, decltype(d)> df;
  const size_t lanes = hn::Lanes(d);
  auto a = hn::Zero(d), b = hn::Zero(d), c = hn::Zero(d), e = hn::Zero(d);
  const auto at = [&](size_t i) HWY_ATTR { return hn::PromoteTo(d, hn::LoadU(df, x + i)); };
  size_t i = 0;
  for (; i + 4 * lanes <= n; i += 4 * lanes) {
    const auto x0 = at(i), x1 = at(i + lanes), x2 = at(i + 2 * lanes), x3 = at(i + 3 * lanes);
    a = hn::MulAdd(x0, x0, a);
    b = hn::MulAdd(x1, x1, b);
    c = hn::MulAdd(x2, x2, c);
    e = hn::MulAdd(x3, x3, e);
  }
  double sum = hn::GetLane(hn::SumOfLanes(d, hn::Add(hn::Add(a, b), hn::Add(c, e))));
  for (; i < n; ++i) sum += static_cast<double>(x[i]) * static_cast<double>(x[i]);
  return sum;
}

}  // namespace HWY_NAMESPACE
}  // namespace isthmus::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace isthmus::kernels {
namespace {

HWY_EXPORT(AdamChunk);
HWY_EXPORT(SquaredNormChunk);

constexpr int64_t chunk = 16384;

void check(size_t parameters, size_t gradients, size_t first, size_t second, int64_t step) {
  if (gradients != parameters || first != parameters || second != parameters)
    throw Error({.who = "adam",
                 .expected = fmt::format("gradients and moments for {} parameters", parameters),
                 .got = fmt::format("{}, {} and {}", gradients, first, second)});
  if (step < 1) throw Error({.who = "adam", .expected = "step 1 or later", .got = fmt::format("{}", step)});
}

/// The sum of body(first, count) over the chunks, added in their order.
template <class Body>
double sum_over(size_t n, const Body& body) {
  const auto count = static_cast<int64_t>(n);
  std::vector<double> parts(static_cast<size_t>(ceil_div(count, chunk)));
  parallel_for(count, chunk, count, [&](int64_t begin, int64_t end) {
    parts[static_cast<size_t>(begin / chunk)] =
        body(static_cast<size_t>(begin), static_cast<size_t>(end - begin));
  });
  double sum = 0;
  for (const double part : parts) sum += part;
  return sum;
}

}  // namespace

double adam(std::span<float> parameters, std::span<const float> gradients, std::span<float> first_moment,
            std::span<float> second_moment, const AdamStep& settings, std::span<Bfloat16> shadow) {
  check(parameters.size(), gradients.size(), first_moment.size(), second_moment.size(), settings.step);
  if (!shadow.empty() && shadow.size() != parameters.size())
    throw Error({.who = "adam",
                 .expected = fmt::format("a shadow of {} parameters", parameters.size()),
                 .got = fmt::format("{}", shadow.size())});
  const AdamFactors factors(settings);
  return sum_over(parameters.size(), [&](size_t at, size_t n) {
    return HWY_DYNAMIC_DISPATCH(AdamChunk)(factors, parameters.data() + at, gradients.data() + at,
                                           first_moment.data() + at, second_moment.data() + at,
                                           shadow.empty() ? nullptr : shadow.data() + at, n);
  });
}

double squared_norm(std::span<const float> numbers) {
  return sum_over(numbers.size(), [&](size_t at, size_t n) {
    return HWY_DYNAMIC_DISPATCH(SquaredNormChunk)(numbers.data() + at, n);
  });
}

}  // namespace isthmus::kernels
#endif  // HWY_ONCE
