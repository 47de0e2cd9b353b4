#include "isthmus/nn/corruption.hpp"

#include <cmath>

#include <fmt/format.h>

#include "isthmus/core/enum_names.hpp"
#include "isthmus/core/error.hpp"

namespace isthmus::nn {
namespace {

/// [rows, inputs], bool: exactly `count` of each row, drawn without replacement.
Tensor chosen(const Tensor& flat, int64_t count, Noise& noise) {
  const Tensor keys = noise.uniform(flat.sizes(), flat.device());
  const Tensor places = std::get<1>(keys.topk(count, 1, true, false));
  return at::zeros(flat.sizes(), flat.options().dtype(at::kBool)).scatter_(1, places, true);
}

}  // namespace

void check(const Corruption& corruption) {
  if (corruption.corruption == CorruptionKind::gaussian || corruption.level <= 1) return;
  throw UsageError({.who = "level",
                    .expected = fmt::format("a share from 0 to 1 under {}", enum_name(corruption.corruption)),
                    .got = fmt::format("{}", corruption.level),
                    .hint = "--corruption gaussian, whose level is a standard deviation"});
}

Tensor corrupt(const Tensor& x, const Corruption& corruption, Noise& noise) {
  check(corruption);
  const at::NoGradGuard no_grad;
  const Tensor flat = x.flatten(1);
  const double level = corruption.level;
  if (corruption.corruption == CorruptionKind::gaussian)
    return (flat + level * noise.normal(flat.sizes(), flat.device())).view_as(x);
  const auto count = static_cast<int64_t>(std::llround(level * static_cast<double>(flat.size(1))));
  const Tensor lost = chosen(flat, count, noise);
  const Tensor in_place = corruption.corruption == CorruptionKind::masking
                              ? at::zeros_like(flat)
                              : noise.bernoulli(at::full_like(flat, 0.5));
  return at::where(lost, in_place, flat).view_as(x);
}

}  // namespace isthmus::nn
