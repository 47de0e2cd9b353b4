#pragma once

#include "isthmus/core/torch.hpp"

/// Gradients of expectations over draws that cannot be reparameterised. Each function returns a number whose
/// value estimates the expectation and whose gradient estimates the expectation's gradient, without bias: so
/// it is differentiated like any loss.
namespace isthmus::ops {

/// E_q[f(z)] from k draws: f and log q(z) are [k, batch] → [batch]. The gradient is the mean over draws of
/// (f − baseline) ∇log q + ∇f, the likelihood-ratio estimator (Williams 1992, REINFORCE) and the path through
/// f itself. `baseline` broadcasts against f; it must not depend on the draw at hand, and gets no gradient.
Tensor likelihood_ratio(const Tensor& f, const Tensor& log_q, const Tensor& baseline);

/// What stands in for the weight that vimco() leaves out: a mean of the others.
enum class LeftOut { geometric, arithmetic };

/// [k, batch] → [k, batch]: row j is log (1/k) Σ_i w_i with w_j replaced by a mean of the others (Mnih &
/// Rezende 2016, equations 8 to 10). In float64 whatever comes in: the sums are large, their differences
/// small. Throws Error when k is below 2.
Tensor leave_one_out(const Tensor& log_weights, LeftOut mean);

/// E[log (1/k) Σ_j w_j] from one set of k draws, log_weights = log p(x, z) − log q(z|x): both [k, batch] →
/// [batch]. The gradient is Σ_j (L − L_−j) ∇log q(z_j) + Σ_j w̃_j ∇log w_j, L_−j of leave_one_out() and w̃ the
/// normalised weights (Mnih & Rezende 2016, algorithm 1).
Tensor vimco(const Tensor& log_weights, const Tensor& log_q, LeftOut mean = LeftOut::geometric);

}  // namespace isthmus::ops
