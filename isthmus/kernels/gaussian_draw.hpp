#pragma once

#include <cstdint>
#include <span>

namespace isthmus::kernels {

// Draws z = m + σ ε of diagonal Gaussians q, whose `parameters` are [rows, 2·latent]: the means of a row,
// then its log-variances. `epsilon` and z are [rows, draws, latent]. All throw Error when sizes do not agree.

/// z, and for each row KL(q ‖ N(0, I)) = ½ Σ σ² − 1 − log σ² + m², nats. One draw a row.
void gaussian_draw_and_kl(std::span<float> z, std::span<float> kl, std::span<const float> parameters,
                          std::span<const float> epsilon, int64_t rows, int64_t latent);

/// The gradient in the parameters of Σ dz·z + Σ dkl·kl, from z as it was drawn.
void gaussian_draw_and_kl_backward(std::span<float> dparameters, std::span<const float> dz,
                                   std::span<const float> dkl, std::span<const float> parameters,
                                   std::span<const float> z, int64_t rows, int64_t latent);

/// z, and for each draw log N(z; 0, I) − log q(z) = ½ Σ ε² + log σ² − z², nats.
void gaussian_draw_and_ratio(std::span<float> z, std::span<float> ratio, std::span<const float> parameters,
                             std::span<const float> epsilon, int64_t rows, int64_t draws, int64_t latent);

/// The gradient in the parameters of Σ dz·z + Σ dratio·ratio, ε held fixed.
void gaussian_draw_and_ratio_backward(std::span<float> dparameters, std::span<const float> dz,
                                      std::span<const float> dratio, std::span<const float> parameters,
                                      std::span<const float> z, int64_t rows, int64_t draws, int64_t latent);

}  // namespace isthmus::kernels
