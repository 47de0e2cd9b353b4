#pragma once

#include "isthmus/core/torch.hpp"
#include "isthmus/ops/activation.hpp"

namespace isthmus::ops {

/// ‖∂h/∂x‖²_F of one layer h = activation(x Wᵀ + b) in closed form, [batch]: Σ_j activation'_j² Σ_i W_ji²,
/// which for a sigmoid is Σ_j (h_j (1 − h_j))² Σ_i W_ji² (Rifai et al. 2011, equation 9). h [batch, out],
/// weight [out, in]. Differentiable in both.
///
/// The fused path passes over the weights once forward and once backward, and within GradientsInPlace puts
/// their gradient in its place.
Tensor layer_squared_jacobian_norm(const Tensor& h, const Tensor& weight, Activation activation);

namespace reference {
Tensor layer_squared_jacobian_norm(const Tensor& h, const Tensor& weight, Activation activation);
}  // namespace reference

}  // namespace isthmus::ops
