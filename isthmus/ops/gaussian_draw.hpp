#pragma once

#include "isthmus/core/torch.hpp"

namespace isthmus::ops {

/// Draws of a diagonal Gaussian q(z|x) = N(m, diag σ²), and what they cost in nats.
struct GaussianDraw {
  Tensor z;
  Tensor nats;
};

// `parameters` [rows, 2·latent] are an encoder's outputs: means, then log-variances. Both are differentiable
// in them, the noise held fixed (Kingma & Welling 2014, section 2.4), and throw Error when shapes do not
// agree.

/// One draw a row, epsilon [rows, latent]: z [rows, latent], and nats = KL(q ‖ N(0, I)), [rows], in closed
/// form (ibid., appendix B).
GaussianDraw draw_and_kl(const Tensor& parameters, const Tensor& epsilon);

/// k draws a row, epsilon [rows, k, latent]: z [rows, k, latent], and nats = log N(z; 0, I) − log q(z),
/// [rows, k].
GaussianDraw draw_and_ratio(const Tensor& parameters, const Tensor& epsilon);

namespace reference {
GaussianDraw draw_and_kl(const Tensor& parameters, const Tensor& epsilon);
GaussianDraw draw_and_ratio(const Tensor& parameters, const Tensor& epsilon);
}  // namespace reference

}  // namespace isthmus::ops
