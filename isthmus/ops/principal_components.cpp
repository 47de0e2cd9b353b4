#include "isthmus/ops/principal_components.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "isthmus/core/error.hpp"

namespace isthmus::ops {

namespace {

/// Rows turned so that the coordinate largest in size is positive.
Tensor with_fixed_signs(const Tensor& directions) {
  const Tensor largest = directions.gather(1, directions.abs().argmax(1, true));
  return directions * at::where(largest < 0, -1.0, 1.0);
}

}  // namespace

Tensor PrincipalComponents::project(const Tensor& points) const {
  return (points.to(at::kCPU, at::kDouble) - mean).matmul(directions.t());
}

PrincipalComponents principal_components(const Tensor& points, int64_t k) {
  if (points.dim() != 2 || points.size(0) < 2 || points.size(1) < 1 || k < 1)
    throw Error({.who = "principal_components",
                 .expected = "at least two points in rows, and k of 1 or more",
                 .got = fmt::format("{} dimensions, {} rows, k {}", points.dim(),
                                    points.dim() ? points.size(0) : 0, k)});
  const Tensor x = points.detach().to(at::kCPU, at::kDouble);
  if (!x.isfinite().all().item<bool>())
    throw Error({.who = "principal_components",
                 .expected = "finite coordinates",
                 .got = "infinity or NaN",
                 .hint = "a look at the loss: the training may have diverged"});
  const int64_t n = x.size(0);
  k = std::min(k, x.size(1));
  const Tensor mean = x.mean(0);
  const Tensor centred = x - mean;
  const double total = centred.square().sum().item<double>() / static_cast<double>(n - 1);
  const bool by_points = n < x.size(1);
  const Tensor product = by_points ? centred.matmul(centred.t()) : centred.t().matmul(centred);
  const auto [values, vectors] = at::linalg_eigh(product);
  k = std::min(k, values.size(0));
  const Tensor kept = values.narrow(0, values.size(0) - k, k).flip(0).clamp_min(0);
  Tensor directions = vectors.narrow(1, values.size(0) - k, k).flip(1).t();
  if (by_points) directions = directions.matmul(centred) / kept.sqrt().clamp_min(1e-300).unsqueeze(1);
  return {mean, with_fixed_signs(directions), kept / static_cast<double>(n - 1), total};
}

}  // namespace isthmus::ops
