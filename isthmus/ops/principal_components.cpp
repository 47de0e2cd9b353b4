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

/// float64, on the CPU.
Tensor as_points(const Tensor& points, int64_t least) {
  if (points.dim() != 2 || points.size(0) < least || points.size(1) < 1)
    throw Error(
        {.who = "principal_components",
         .expected = fmt::format("points in rows, {} or more", least),
         .got = fmt::format("{} dimensions, {} rows", points.dim(), points.dim() ? points.size(0) : 0)});
  const Tensor x = points.detach().to(at::kCPU, at::kDouble);
  if (!x.isfinite().all().item<bool>())
    throw Error({.who = "principal_components",
                 .expected = "finite coordinates",
                 .got = "infinity or NaN",
                 .hint = "a look at the loss: the training may have diverged"});
  return x;
}

void check_components(int64_t k) {
  if (k < 1)
    throw Error({.who = "principal_components", .expected = "k of 1 or more", .got = fmt::format("{}", k)});
}

}  // namespace

Tensor PrincipalComponents::project(const Tensor& points) const {
  return (points.to(at::kCPU, at::kDouble) - mean).matmul(directions.t());
}

PrincipalComponents PrincipalComponents::first(int64_t count) const {
  const int64_t kept = std::min(count, directions.size(0));
  return {mean, directions.narrow(0, 0, kept), variances.narrow(0, 0, kept), total};
}

void Covariance::add(const Tensor& points) {
  const Tensor x = as_points(points, 1);
  if (count_ == 0) {
    origin_ = x.mean(0);
    sum_ = at::zeros_like(origin_);
    products_ = at::zeros({x.size(1), x.size(1)}, at::kDouble);
  }
  if (x.size(1) != origin_.size(0))
    throw Error({.who = "principal_components",
                 .expected = fmt::format("points of {} dimensions, as before", origin_.size(0)),
                 .got = fmt::format("{}", x.size(1))});
  const Tensor centred = x - origin_;
  sum_ += centred.sum(0);
  products_.addmm_(centred.t(), centred);
  count_ += x.size(0);
}

Tensor Covariance::mean() const {
  return origin_ + sum_ / static_cast<double>(count_);
}

Tensor Covariance::covariance() const {
  if (count_ < 2)
    throw Error(
        {.who = "principal_components", .expected = "at least two points", .got = fmt::format("{}", count_)});
  return (products_ - at::outer(sum_, sum_) / static_cast<double>(count_)) / static_cast<double>(count_ - 1);
}

PrincipalComponents Covariance::principal_components(int64_t k) const {
  const Tensor matrix = covariance();
  check_components(k);
  const auto [values, vectors] = at::linalg_eigh(matrix);
  const int64_t kept = std::min(k, values.size(0));
  const int64_t rest = values.size(0) - kept;
  return {mean(), with_fixed_signs(vectors.narrow(1, rest, kept).flip(1).t()),
          values.narrow(0, rest, kept).flip(0).clamp_min(0), matrix.trace().item<double>()};
}

PrincipalComponents principal_components(const Tensor& points, int64_t k) {
  const Tensor x = as_points(points, 2);
  check_components(k);
  if (x.size(0) >= x.size(1)) {
    Covariance all;
    all.add(x);
    return all.principal_components(k);
  }
  const auto n = static_cast<double>(x.size(0));
  const Tensor mean = x.mean(0);
  const Tensor centred = x - mean;
  // Not the eigenvectors of the inner products, times the points: they leave nothing of a direction in which
  // the points do not vary, and of n points there is always one. These are orthonormal whatever the rank.
  const auto [left, sizes, directions] = at::linalg_svd(centred, /*full_matrices=*/false);
  const int64_t kept = std::min(k, sizes.size(0));
  return {mean, with_fixed_signs(directions.narrow(0, 0, kept)), sizes.narrow(0, 0, kept).square() / (n - 1),
          centred.square().sum().item<double>() / (n - 1)};
}

}  // namespace isthmus::ops
