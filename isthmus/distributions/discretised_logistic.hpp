#pragma once

#include "isthmus/core/noise.hpp"
#include "isthmus/kernels/discretised_logistic.hpp"

/// A logistic density integrated over 256 bins, the first and last of them open to infinity (Kingma et al.
/// 2016; Salimans et al. 2017, "PixelCNN++"). Pixels are k/255, k = 0 … 255; mean and scale are in the same
/// units. Its log-likelihood is ops::discretised_logistic_log_likelihood.
namespace isthmus::distributions::discretised_logistic {

/// Pixels k/255, the shape of `mean`.
inline Tensor draw(const Tensor& mean, const Tensor& log_scale, Noise& noise) {
  const Tensor scale = at::exp(log_scale.detach().clamp_min(kernels::least_log_scale));
  const Tensor logistic = at::logit(noise.uniform(mean.sizes(), mean.device()), 1e-7);
  return at::round((mean.detach() + scale * logistic) * 255).clamp(0, 255) / 255;
}

}  // namespace isthmus::distributions::discretised_logistic
