#pragma once

#include "isthmus/core/torch.hpp"

namespace isthmus::ops {

/// Principal components of a cloud of points, in float64.
struct PrincipalComponents {
  Tensor mean;        ///< [dimensions]
  Tensor directions;  ///< [k, dimensions]: orthonormal rows, the most variance first
  Tensor variances;   ///< [k]: variance along each (the sum of squares over n − 1)
  double total;       ///< variance in all directions

  /// [n, dimensions] → [n, k].
  Tensor project(const Tensor& points) const;
};

/// Exact, by the eigen-decomposition of the covariance, or of the points' inner products where the points are
/// fewer than the dimensions. Directions point so that their largest coordinate is positive, so the same
/// points give the same picture. `points` is [n, dimensions] with n ≥ 2; k is cut to the number of
/// dimensions. Throws Error otherwise, and when a point is not finite.
PrincipalComponents principal_components(const Tensor& points, int64_t k);

}  // namespace isthmus::ops
