#pragma once

#include "isthmus/core/noise.hpp"

/// Categorical variables, given by logits [..., classes], normalised or not. Nats; no sum but that over
/// classes.
namespace isthmus::distributions::categorical {

/// log p(index): index [...], int64 → [...].
inline Tensor log_prob(const Tensor& logits, const Tensor& index) {
  return at::log_softmax(logits, -1).gather(-1, index.unsqueeze(-1)).squeeze(-1);
}

/// [...], int64: the arg-max of logits + Gumbel noise.
inline Tensor draw(const Tensor& logits, Noise& noise) {
  return (logits.detach() + noise.gumbel(logits.sizes(), logits.device())).argmax(-1);
}

/// KL(q ‖ p) → [...].
inline Tensor kl(const Tensor& q_logits, const Tensor& p_logits) {
  const Tensor log_q = at::log_softmax(q_logits, -1);
  return (at::exp(log_q) * (log_q - at::log_softmax(p_logits, -1))).sum(-1);
}

}  // namespace isthmus::distributions::categorical
