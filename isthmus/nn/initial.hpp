#pragma once

#include <cmath>
#include <cstdint>

#include "isthmus/core/noise.hpp"

namespace isthmus::nn {

/// First weights of a layer: uniform on ±sqrt(6 / (fan_in + fan_out)), which keeps the variance of
/// activations and of gradients alike from layer to layer (Glorot & Bengio 2010, equation 16).
inline Tensor glorot_uniform(at::IntArrayRef shape, int64_t fan_in, int64_t fan_out, Noise& noise) {
  const double bound = std::sqrt(6.0 / static_cast<double>(fan_in + fan_out));
  return noise.uniform(shape).mul_(2 * bound).sub_(bound);
}

/// Sets a decoder's last bias, [outputs] or one number a channel, to the mean of the data [shape…]: as a
/// logit where the outputs are. A mean of exactly 0 or 1 has no finite logit; no pixel starts surer than
/// 0.001.
inline void start_at_mean(const Tensor& bias, const Tensor& data_mean, bool logits) {
  const at::NoGradGuard no_grad;
  Tensor mean = data_mean.flatten();
  if (bias.size(0) != mean.size(0)) mean = mean.view({bias.size(0), -1}).mean(1);
  bias.copy_(logits ? at::logit(mean, 1e-3) : mean);
}

}  // namespace isthmus::nn
