#include "isthmus/ops/top_k.hpp"

#include <fmt/format.h>

#include "isthmus/core/error.hpp"

namespace isthmus::ops {

Tensor keep_top_k(const Tensor& x, int64_t k) {
  if (x.dim() != 2 || k < 1 || k > x.size(1))
    throw Error(
        {.who = "keep_top_k",
         .expected = "[rows, units], and k from 1 to units",
         .got = fmt::format("{} dimensions, {} units, k {}", x.dim(), x.dim() == 0 ? 0 : x.size(-1), k)});
  const auto [values, places] = x.topk(k, 1, true, false);
  return at::zeros_like(x).scatter(1, places, values);
}

}  // namespace isthmus::ops
