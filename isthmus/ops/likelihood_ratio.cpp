#include "isthmus/ops/likelihood_ratio.hpp"

#include <cmath>

#include <fmt/format.h>

#include "isthmus/core/error.hpp"

namespace isthmus::ops {
namespace {

/// 0, with the gradient of log q.
Tensor score(const Tensor& log_q) {
  return log_q - log_q.detach();
}

}  // namespace

Tensor likelihood_ratio(const Tensor& f, const Tensor& log_q, const Tensor& baseline) {
  return (f + (f - baseline).detach() * score(log_q)).mean(0);
}

Tensor leave_one_out(const Tensor& log_weights, LeftOut mean) {
  const int64_t k = log_weights.size(0);
  if (k < 2)
    throw Error({.who = "vimco",
                 .expected = "two draws or more, so that one can be left out",
                 .got = fmt::format("{}", k)});
  const Tensor w = log_weights.detach().to(at::kDouble);
  const Tensor left_out = at::eye(k, w.options().dtype(at::kBool)).unsqueeze(2);  // [k, k, 1]
  const auto others = static_cast<double>(k - 1);
  const Tensor each = w.unsqueeze(0).expand({k, k, w.size(1)});  // row j: all the weights, w_j among them
  if (mean == LeftOut::arithmetic)
    return at::logsumexp(each.masked_fill(left_out, -INFINITY), 1) - std::log(others);
  const Tensor substitute = (w.sum(0) - w) / others;
  return at::logsumexp(at::where(left_out, substitute.unsqueeze(1), each), 1) -
         std::log(static_cast<double>(k));
}

Tensor vimco(const Tensor& log_weights, const Tensor& log_q, LeftOut mean) {
  const double log_k = std::log(static_cast<double>(log_weights.size(0)));
  const Tensor bound = at::logsumexp(log_weights, 0) - log_k;
  // Both of its parts in float64: near −1000 nats a float32 is off by more than many a signal is large.
  const Tensor whole = at::logsumexp(log_weights.detach().to(at::kDouble), 0) - log_k;
  const Tensor signal = (whole - leave_one_out(log_weights, mean)).to(log_q.scalar_type());
  return bound + (signal * score(log_q)).sum(0);
}

}  // namespace isthmus::ops
