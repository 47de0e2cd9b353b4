#pragma once

#include "isthmus/core/noise.hpp"

/// A logistic density integrated over 256 bins, the first and last of them open to infinity (Kingma et al.
/// 2016; Salimans et al. 2017, "PixelCNN++"). Pixels are k/255, k = 0 … 255; mean and scale are in the same
/// units.
namespace isthmus::distributions::discretised_logistic {

/// Scales below this are held here: all the mass then lies in one bin. PixelCNN++'s −7, for pixels from 0
/// to 1.
inline constexpr double least_log_scale = -7.6931;

/// log P(x), element by element, broadcasting; x is rounded to the nearest bin.
///
/// With a and b the upper and lower edge of the bin in units of the scale, and δ = a − b,
/// σ(a) − σ(b) = σ(a) σ(−b) (1 − e^−δ): no difference of nearly equal numbers, in the tails or elsewhere.
/// Edges are measured in bins from the mean, where float32 subtracts without error what lies near.
inline Tensor log_mass(const Tensor& mean, const Tensor& log_scale, const Tensor& x) {
  const Tensor bin = at::round(x * 255);
  const Tensor delta = at::exp(-log_scale.clamp_min(least_log_scale)) / 255;
  const Tensor centre = bin - mean * 255;
  const Tensor below_upper = at::log_sigmoid((centre + 0.5) * delta);  // log σ(a)
  const Tensor above_lower = at::log_sigmoid((0.5 - centre) * delta);  // log σ(−b)
  const Tensor inside = at::log(-at::expm1(-delta));
  return at::where(bin == 0, below_upper,
                   at::where(bin == 255, above_lower, below_upper + above_lower + inside));
}

/// The sum of log_mass over the last dimension, nats.
inline Tensor log_prob(const Tensor& mean, const Tensor& log_scale, const Tensor& x) {
  return log_mass(mean, log_scale, x).sum(-1);
}

/// Pixels k/255, the shape of `mean`.
inline Tensor draw(const Tensor& mean, const Tensor& log_scale, Noise& noise) {
  const Tensor scale = at::exp(log_scale.detach().clamp_min(least_log_scale));
  const Tensor logistic = at::logit(noise.uniform(mean.sizes(), mean.device()), 1e-7);
  return at::round((mean.detach() + scale * logistic) * 255).clamp(0, 255) / 255;
}

}  // namespace isthmus::distributions::discretised_logistic
