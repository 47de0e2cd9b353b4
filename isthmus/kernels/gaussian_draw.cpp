#include "isthmus/kernels/gaussian_draw.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "isthmus/core/error.hpp"
#include "isthmus/kernels/parallel.hpp"
#include "isthmus/kernels/simd.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "isthmus/kernels/gaussian_draw.cpp"
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

/// Lanes beyond n hold mean 0, log-variance 0 and ε 0 throughout, and add nothing to either sum.
float DrawAndKlRow(float* HWY_RESTRICT z, const float* HWY_RESTRICT mean,
                   const float* HWY_RESTRICT log_variance, const float* HWY_RESTRICT epsilon, size_t n) {
  const D d;
  const V half = hn::Set(d, 0.5f);
  V sum = hn::Zero(d);
  for (size_t i = 0; i < n; i += hn::Lanes(d)) {
    const V m = rows::Load(d, mean + i, n - i), lv = rows::Load(d, log_variance + i, n - i);
    const V sigma = math::Exp(d, hn::Mul(half, lv));
    rows::Store(hn::MulAdd(sigma, rows::Load(d, epsilon + i, n - i), m), d, z + i, n - i);
    // Of a dimension that is not used, mean and log-variance are next to 0, and their KL to many digits.
    const V beyond = math::ExpBeyondLine(d, lv, hn::Mul(sigma, sigma));
    sum = hn::Add(sum, hn::MulAdd(m, m, beyond));
  }
  return 0.5f * hn::GetLane(hn::SumOfLanes(d, sum));
}

void DrawAndKlRowBackward(float* HWY_RESTRICT dmean, float* HWY_RESTRICT dlog_variance,
                          const float* HWY_RESTRICT dz, float dkl, const float* HWY_RESTRICT mean,
                          const float* HWY_RESTRICT log_variance, const float* HWY_RESTRICT z, size_t n) {
  const D d;
  const V half = hn::Set(d, 0.5f), weight = hn::Set(d, dkl);
  for (size_t i = 0; i < n; i += hn::Lanes(d)) {
    const V m = rows::Load(d, mean + i, n - i), g = rows::Load(d, dz + i, n - i);
    const V lv = rows::Load(d, log_variance + i, n - i);
    const V variance_less_one = hn::Add(math::ExpBeyondLine(d, lv, math::Exp(d, lv)), lv);
    rows::Store(hn::MulAdd(weight, m, g), d, dmean + i, n - i);
    const V path = hn::Mul(g, hn::Sub(rows::Load(d, z + i, n - i), m));
    rows::Store(hn::Mul(half, hn::MulAdd(weight, variance_less_one, path)), d, dlog_variance + i, n - i);
  }
}

float DrawAndRatioRow(float* HWY_RESTRICT z, const float* HWY_RESTRICT mean,
                      const float* HWY_RESTRICT log_variance, const float* HWY_RESTRICT sigma,
                      const float* HWY_RESTRICT epsilon, size_t n) {
  const D d;
  V sum = hn::Zero(d);
  for (size_t i = 0; i < n; i += hn::Lanes(d)) {
    const V e = rows::Load(d, epsilon + i, n - i);
    const V drawn = hn::MulAdd(rows::Load(d, sigma + i, n - i), e, rows::Load(d, mean + i, n - i));
    rows::Store(drawn, d, z + i, n - i);
    sum = hn::Add(sum, hn::NegMulAdd(drawn, drawn, hn::MulAdd(e, e, rows::Load(d, log_variance + i, n - i))));
  }
  return 0.5f * hn::GetLane(hn::SumOfLanes(d, sum));
}

void SigmaRow(float* HWY_RESTRICT sigma, const float* HWY_RESTRICT log_variance, size_t n) {
  const D d;
  const V half = hn::Set(d, 0.5f);
  for (size_t i = 0; i < n; i += hn::Lanes(d))
    rows::Store(math::Exp(d, hn::Mul(half, rows::Load(d, log_variance + i, n - i))), d, sigma + i, n - i);
}

/// Adds one draw's part of the gradient.
void AddRatioBackward(float* HWY_RESTRICT dmean, float* HWY_RESTRICT dlog_variance,
                      const float* HWY_RESTRICT dz, float dratio, const float* HWY_RESTRICT mean,
                      const float* HWY_RESTRICT z, size_t n) {
  const D d;
  const V half = hn::Set(d, 0.5f), weight = hn::Set(d, dratio);
  for (size_t i = 0; i < n; i += hn::Lanes(d)) {
    const size_t left = n - i;
    const V drawn = rows::Load(d, z + i, left);
    const V g = hn::NegMulAdd(weight, drawn, rows::Load(d, dz + i, left));
    rows::Store(hn::Add(rows::Load(d, dmean + i, left), g), d, dmean + i, left);
    const V path = hn::MulAdd(g, hn::Sub(drawn, rows::Load(d, mean + i, left)), weight);
    rows::Store(hn::MulAdd(half, path, rows::Load(d, dlog_variance + i, left)), d, dlog_variance + i, left);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace isthmus::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace isthmus::kernels {
namespace {

HWY_EXPORT(DrawAndKlRow);
HWY_EXPORT(DrawAndKlRowBackward);
HWY_EXPORT(DrawAndRatioRow);
HWY_EXPORT(SigmaRow);
HWY_EXPORT(AddRatioBackward);

void check_size(std::string_view what, size_t got, int64_t expected) {
  if (static_cast<int64_t>(got) != expected)
    throw Error({.who = "gaussian_draw",
                 .expected = fmt::format("{} {}", expected, what),
                 .got = fmt::format("{}", got)});
}

/// Half of the usual: a draw costs more than most.
int64_t chunk_of(int64_t width) {
  return rows_of_chunk(2 * width);
}

}  // namespace

void gaussian_draw_and_kl(std::span<float> z, std::span<float> kl, std::span<const float> parameters,
                          std::span<const float> epsilon, int64_t rows, int64_t latent) {
  check_size("numbers of z", z.size(), rows * latent);
  check_size("results, one a row", kl.size(), rows);
  check_size("parameters", parameters.size(), 2 * rows * latent);
  check_size("numbers of epsilon", epsilon.size(), rows * latent);
  parallel_for(rows, chunk_of(latent), rows * latent, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      const float* mean = parameters.data() + 2 * r * latent;
      kl[static_cast<size_t>(r)] =
          HWY_DYNAMIC_DISPATCH(DrawAndKlRow)(z.data() + r * latent, mean, mean + latent,
                                             epsilon.data() + r * latent, static_cast<size_t>(latent));
    }
  });
}

void gaussian_draw_and_kl_backward(std::span<float> dparameters, std::span<const float> dz,
                                   std::span<const float> dkl, std::span<const float> parameters,
                                   std::span<const float> z, int64_t rows, int64_t latent) {
  check_size("numbers of the gradient", dparameters.size(), 2 * rows * latent);
  check_size("gradients of z", dz.size(), rows * latent);
  check_size("gradients, one a row", dkl.size(), rows);
  check_size("parameters", parameters.size(), 2 * rows * latent);
  check_size("numbers of z", z.size(), rows * latent);
  parallel_for(rows, chunk_of(latent), rows * latent, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      const float* mean = parameters.data() + 2 * r * latent;
      float* dmean = dparameters.data() + 2 * r * latent;
      HWY_DYNAMIC_DISPATCH(DrawAndKlRowBackward)
      (dmean, dmean + latent, dz.data() + r * latent, dkl[static_cast<size_t>(r)], mean, mean + latent,
       z.data() + r * latent, static_cast<size_t>(latent));
    }
  });
}

void gaussian_draw_and_ratio(std::span<float> z, std::span<float> ratio, std::span<const float> parameters,
                             std::span<const float> epsilon, int64_t rows, int64_t draws, int64_t latent) {
  check_size("numbers of z", z.size(), rows * draws * latent);
  check_size("results, one a draw", ratio.size(), rows * draws);
  check_size("parameters", parameters.size(), 2 * rows * latent);
  check_size("numbers of epsilon", epsilon.size(), rows * draws * latent);
  const auto n = static_cast<size_t>(latent);
  parallel_for(rows, chunk_of(draws * latent), rows * draws * latent, [&](int64_t begin, int64_t end) {
    std::vector<float> sigma(n);
    for (int64_t r = begin; r < end; ++r) {
      const float* mean = parameters.data() + 2 * r * latent;
      HWY_DYNAMIC_DISPATCH(SigmaRow)(sigma.data(), mean + latent, n);
      for (int64_t draw = r * draws; draw < (r + 1) * draws; ++draw)
        ratio[static_cast<size_t>(draw)] = HWY_DYNAMIC_DISPATCH(DrawAndRatioRow)(
            z.data() + draw * latent, mean, mean + latent, sigma.data(), epsilon.data() + draw * latent, n);
    }
  });
}

void gaussian_draw_and_ratio_backward(std::span<float> dparameters, std::span<const float> dz,
                                      std::span<const float> dratio, std::span<const float> parameters,
                                      std::span<const float> z, int64_t rows, int64_t draws, int64_t latent) {
  check_size("numbers of the gradient", dparameters.size(), 2 * rows * latent);
  check_size("gradients of z", dz.size(), rows * draws * latent);
  check_size("gradients, one a draw", dratio.size(), rows * draws);
  check_size("parameters", parameters.size(), 2 * rows * latent);
  check_size("numbers of z", z.size(), rows * draws * latent);
  parallel_for(rows, chunk_of(draws * latent), rows * draws * latent, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      float* dmean = dparameters.data() + 2 * r * latent;
      std::fill_n(dmean, 2 * latent, 0.0f);
      for (int64_t draw = r * draws; draw < (r + 1) * draws; ++draw) HWY_DYNAMIC_DISPATCH(AddRatioBackward)
      (dmean, dmean + latent, dz.data() + draw * latent, dratio[static_cast<size_t>(draw)],
       parameters.data() + 2 * r * latent, z.data() + draw * latent, static_cast<size_t>(latent));
    }
  });
}

}  // namespace isthmus::kernels
#endif  // HWY_ONCE
