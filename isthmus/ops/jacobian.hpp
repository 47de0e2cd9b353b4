#pragma once

#include <cstdint>
#include <functional>

#include "isthmus/core/noise.hpp"
#include "isthmus/core/torch.hpp"

/// ‖∂f/∂x‖²_F of every example: how far a code moves when its input does, in squared units of code a unit of
/// input (the contractive penalty of Rifai et al. 2011).
///
/// Where grad mode is on, the results are differentiable with respect to whatever f reads (its weights) and
/// x, so they can be a penalty; where it is off, they are computed all the same and carry no graph.
namespace isthmus::ops {

/// [batch, shape…] → [batch, code], row by row: row b of the code depends on row b of x alone.
using Encoding = std::function<Tensor(const Tensor&)>;

/// At most so many rows (examples times code units) are in a backward pass at once.
inline constexpr int64_t jacobian_rows = 1024;

/// Exact, [batch]: every code unit is sent back through f once. One pass forward serves many backward, and
/// one pass backward many code units: the batch is repeated until it has about `rows` rows, and each copy is
/// sent another unit. Without a graph memory is that of `rows` rows, whatever the batch and the code.
/// Throws Error when f does not give [batch, code], or gives a code that autograd cannot follow.
Tensor squared_jacobian_norm(const Encoding& f, const Tensor& x, int64_t rows = jacobian_rows);

/// Unbiased, [batch]: the mean of ‖vᵀ ∂f/∂x‖² over `probes` random v whose coordinates are ±1, for E[vvᵀ] = I
/// (Hutchinson 1990). Of one probe the variance is 2 Σ_{i≠j} (JJᵀ)²_ij. Row b of the batch takes row b of
/// `noise`. Throws Error as above, and when there is no probe.
Tensor estimate_squared_jacobian_norm(const Encoding& f, const Tensor& x, Noise& noise, int64_t probes = 1,
                                      int64_t rows = jacobian_rows);

}  // namespace isthmus::ops
