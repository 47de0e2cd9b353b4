#pragma once

#include <cstdint>
#include <span>

#include "isthmus/kernels/activation.hpp"

namespace isthmus::kernels {

/// The squared Frobenius norm of the Jacobian of one layer h = f(W x + b), of units that each have a slope of
/// their own: ‖J‖² = Σ_j f'_j² n_j with n_j = Σ_i W_ji² (Rifai et al. 2011, equation 9).

/// out[j] = n_j, for W [units, columns]. Throws Error when sizes do not agree, as all of these.
void row_squares(std::span<float> out, std::span<const float> weight, int64_t columns);

/// out[r] = Σ_j f'(h_rj)² n_j, with the slope told from h = f(·) alone: h [rows, units], norms [units].
void contraction(std::span<float> out, std::span<const float> h, std::span<const float> norms, int64_t rows,
                 Activation activation);

/// The gradients of Σ_r g_r out[r]: dh [rows, units] and dnorms [units]. The same bits on any number of
/// threads.
void contraction_backward(std::span<float> dh, std::span<float> dnorms, std::span<const float> g,
                          std::span<const float> h, std::span<const float> norms, int64_t rows,
                          Activation activation);

/// out[j, :] = 2 scale[j] · weight[j, :], the gradient of row_squares; where `add`, added to what stands
/// there.
void row_squares_backward(std::span<float> out, std::span<const float> scale, std::span<const float> weight,
                          int64_t columns, bool add);

}  // namespace isthmus::kernels
