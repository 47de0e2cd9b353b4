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

}  // namespace isthmus::nn
