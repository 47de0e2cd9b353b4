#pragma once

#include <cstdint>

#include "isthmus/core/torch.hpp"

namespace isthmus::ops {

// Log-likelihoods of whole examples, in nats, normalised: the sum over the columns of each row. Rows i·repeat
// … i·repeat + repeat − 1 of the parameters belong to row i of x, as when every example has `repeat` draws of
// its latent code. Both throw Error when shapes do not agree.

/// log Bernoulli(x; sigmoid(logits)): logits [rows, d], x [rows / repeat, d] → [rows]. Differentiable in
/// logits (and in x, by the reference).
Tensor bernoulli_log_likelihood(const Tensor& logits, const Tensor& x, int64_t repeat = 1);

/// log N(x; mean, exp(log_variance)), with its constant: mean [rows, d], x [rows / repeat, d] → [rows].
/// log_variance is a scalar, [d], or [rows, d]. Differentiable in mean and log_variance.
Tensor gaussian_log_likelihood(const Tensor& mean, const Tensor& log_variance, const Tensor& x,
                               int64_t repeat = 1);

namespace reference {
Tensor bernoulli_log_likelihood(const Tensor& logits, const Tensor& x, int64_t repeat = 1);
Tensor gaussian_log_likelihood(const Tensor& mean, const Tensor& log_variance, const Tensor& x,
                               int64_t repeat = 1);
}  // namespace reference

}  // namespace isthmus::ops
