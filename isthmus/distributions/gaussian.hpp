#pragma once

#include <cstdint>

#include "isthmus/core/model.hpp"

/// Gaussians with a diagonal covariance, N(mean, exp(log_variance)). Everything sums over the last dimension,
/// is in nats, and broadcasts over the others.
namespace isthmus::distributions::gaussian {

inline constexpr double log_two_pi = 1.8378770664093453;

/// An encoder's [batch, 2·latent] cut into mean and log-variance, [batch, latent] each.
inline GaussianParameters split(const Tensor& outputs) {
  const int64_t latent = outputs.size(-1) / 2;
  return {outputs.narrow(-1, 0, latent), outputs.narrow(-1, latent, latent)};
}

/// [batch, d]: one draw a row, mean + σ·ε, differentiable in the parameters (Kingma & Welling 2014,
/// section 2.4).
inline Tensor draw(const GaussianParameters& p, Noise& noise) {
  const Tensor epsilon = noise.normal(p.mean.sizes(), p.mean.device());
  return at::addcmul(p.mean, at::exp(0.5 * p.log_variance), epsilon);
}

/// [batch, k, d]: k draws a row. Row b of the noise serves row b alone.
inline Tensor draw(const GaussianParameters& p, int64_t k, Noise& noise) {
  const Tensor epsilon = noise.normal({p.mean.size(0), k, p.mean.size(1)}, p.mean.device());
  return at::addcmul(p.mean.unsqueeze(1), at::exp(0.5 * p.log_variance).unsqueeze(1), epsilon);
}

/// log N(x; p).
inline Tensor log_prob(const GaussianParameters& p, const Tensor& x) {
  const Tensor squares = (x - p.mean).square() * at::exp(-p.log_variance);
  return -0.5 * (squares + p.log_variance + log_two_pi).sum(-1);
}

/// log N(x; 0, I).
inline Tensor standard_log_prob(const Tensor& x) {
  return -0.5 * x.square().sum(-1) - 0.5 * log_two_pi * static_cast<double>(x.size(-1));
}

/// KL(q ‖ p).
inline Tensor kl(const GaussianParameters& q, const GaussianParameters& p) {
  const Tensor log_ratio = q.log_variance - p.log_variance;
  const Tensor distance = (q.mean - p.mean).square() * at::exp(-p.log_variance);
  return 0.5 * (at::expm1(log_ratio) - log_ratio + distance).sum(-1);
}

/// KL(q ‖ N(0, I)) (Kingma & Welling 2014, appendix B).
inline Tensor kl_to_standard(const GaussianParameters& q) {
  return 0.5 * (at::expm1(q.log_variance) - q.log_variance + q.mean.square()).sum(-1);
}

}  // namespace isthmus::distributions::gaussian
