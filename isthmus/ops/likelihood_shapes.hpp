#pragma once

#include <cstdint>
#include <string_view>

#include <fmt/format.h>

#include "isthmus/core/error.hpp"
#include "isthmus/core/torch.hpp"
#include "isthmus/ops/shape_text.hpp"

/// The shapes that the likelihoods have in common: parameters [rows, d] of x [rows / repeat, d].
namespace isthmus::ops {

/// Throws Error, as `who`, unless rows and columns of the parameters and x agree.
inline void check_rows(std::string_view who, const Tensor& parameters, const Tensor& x, int64_t repeat) {
  if (parameters.dim() == 2 && x.dim() == 2 && parameters.size(1) == x.size(1) &&
      parameters.size(0) == x.size(0) * repeat)
    return;
  throw Error({.who = who,
               .expected = fmt::format("parameters [rows, d] of x [rows / {}, d]", repeat),
               .got = fmt::format("{} of {}", shape_text(parameters), shape_text(x))});
}

/// Throws Error, as `who`, unless `spread` (log-variances or log-scales) is one number, [d] or [rows, d] as
/// `mean` is.
inline void check_spread(std::string_view who, const Tensor& spread, const Tensor& mean) {
  if (spread.dim() == 0 || spread.sizes() == mean.sizes() ||
      (spread.dim() == 1 && spread.size(0) == mean.size(1)))
    return;
  throw Error({.who = who,
               .expected = fmt::format("a spread of one number, [{}] or {}", mean.size(1), shape_text(mean)),
               .got = shape_text(spread)});
}

/// [rows, d] → [rows / repeat, repeat, d]: the draws of one example side by side, for x to broadcast against.
/// What has no rows is left as it is.
inline Tensor by_example(const Tensor& t, int64_t repeat) {
  return t.dim() == 2 ? t.unflatten(0, {-1, repeat}) : t;
}

}  // namespace isthmus::ops
