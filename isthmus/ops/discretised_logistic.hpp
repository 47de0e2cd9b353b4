#pragma once

#include <cstdint>

#include "isthmus/core/torch.hpp"

namespace isthmus::ops {

/// log P(x) of a logistic density integrated over 256 bins, element by element, broadcasting: pixels are
/// k/255, rounded to the nearest bin; the first and the last bin are open to infinity (Kingma et al. 2016;
/// Salimans et al. 2017, "PixelCNN++"). Mean and scale are in units of x. Plain torch, in any type.
///
/// With a and b the upper and lower edge of the bin in units of the scale, and δ = a − b,
/// σ(a) − σ(b) = σ(a) σ(−b) (1 − e^−δ): no difference of nearly equal numbers, in the tails or elsewhere.
/// Edges are measured in bins from the mean, where float32 subtracts without error what lies near.
Tensor discretised_logistic_log_mass(const Tensor& mean, const Tensor& log_scale, const Tensor& x);

/// The sum of that over each row, nats, [rows]: mean [rows, d]; log_scale [rows, d], or [d] or a single
/// number for all; x [rows / repeat, d], of which every row is seen by `repeat` rows of parameters. Throws
/// Error when shapes do not agree.
Tensor discretised_logistic_log_likelihood(const Tensor& mean, const Tensor& log_scale, const Tensor& x,
                                           int64_t repeat = 1);

namespace reference {
Tensor discretised_logistic_log_likelihood(const Tensor& mean, const Tensor& log_scale, const Tensor& x,
                                           int64_t repeat = 1);
}  // namespace reference

}  // namespace isthmus::ops
