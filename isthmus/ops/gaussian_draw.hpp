#pragma once

#include "isthmus/core/torch.hpp"

namespace isthmus::ops {

// Draws of a diagonal Gaussian q(z|x) = N(m, diag σ²), and what they cost, in nats. `parameters`
// [rows, 2·latent] are an encoder's outputs: means, then log-variances. Both are differentiable in them, the
// noise held fixed (Kingma & Welling 2014, section 2.4), and throw Error when shapes do not agree.

struct DrawAndKl {
  Tensor z;
  Tensor kl;
};
/// One draw a row, epsilon [rows, latent]: z [rows, latent], and KL(q ‖ N(0, I)), [rows], in closed form
/// (ibid., appendix B).
DrawAndKl draw_and_kl(const Tensor& parameters, const Tensor& epsilon);

struct DrawAndRatio {
  Tensor z;
  Tensor log_ratio;
};
/// k draws a row, epsilon [rows, k, latent]: z [rows, k, latent], and log N(z; 0, I) − log q(z), [rows, k].
DrawAndRatio draw_and_ratio(const Tensor& parameters, const Tensor& epsilon);

namespace reference {
DrawAndKl draw_and_kl(const Tensor& parameters, const Tensor& epsilon);
DrawAndRatio draw_and_ratio(const Tensor& parameters, const Tensor& epsilon);
}  // namespace reference

}  // namespace isthmus::ops
