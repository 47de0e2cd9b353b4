#pragma once

#include <cmath>

#include "isthmus/core/noise.hpp"

/// Independent Bernoulli variables, given by the logits of their means. Everything sums over the last
/// dimension, is in nats, and broadcasts over the others.
namespace isthmus::distributions::bernoulli {

/// log p(x); x is 0 or 1.
inline Tensor log_prob(const Tensor& logits, const Tensor& x) {
  return (x * logits + at::log_sigmoid(-logits)).sum(-1);
}

/// 0 or 1, the shape of `logits`.
inline Tensor draw(const Tensor& logits, Noise& noise) {
  return noise.bernoulli(at::sigmoid(logits));
}

/// KL(q ‖ p).
inline Tensor kl(const Tensor& q_logits, const Tensor& p_logits) {
  const Tensor on = at::log_sigmoid(q_logits) - at::log_sigmoid(p_logits);
  const Tensor off = at::log_sigmoid(-q_logits) - at::log_sigmoid(-p_logits);
  return (at::sigmoid(q_logits) * on + at::sigmoid(-q_logits) * off).sum(-1);
}

/// KL(q ‖ p) of variables that are given by their means, q from 0 to 1 and p [..., d]. A mean of exactly 0 or
/// 1 counts as the number next to it: the KL stays finite, and its gradient is there for every other mean.
inline Tensor kl_of_means(double q, const Tensor& p) {
  const Tensor inside = p.clamp(1e-30, 1 - 6e-8);
  const double entropy = (q > 0 ? q * std::log(q) : 0) + (q < 1 ? (1 - q) * std::log1p(-q) : 0);
  return (entropy - q * at::log(inside) - (1 - q) * at::log1p(-inside)).sum(-1);
}

}  // namespace isthmus::distributions::bernoulli
