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

  /// The first `count` of them alone; all when there are fewer.
  PrincipalComponents first(int64_t count) const;
};

/// Exact, by the eigen-decomposition of the covariance, or by the singular values of the points where they
/// are fewer than the dimensions. Directions point so that their largest coordinate is positive, so the same
/// points give the same picture. `points` is [n, dimensions] with n ≥ 2; k is cut to the number of points or
/// of dimensions, whichever is smaller. n points span n − 1 directions at most: those beyond have no meaning,
/// they are of variance 0 but for rounding, and orthogonal to the others. Throws Error otherwise, and when a
/// point is not finite.
PrincipalComponents principal_components(const Tensor& points, int64_t k);

/// Mean and covariance of points that come block by block, for more of them than memory holds in float64.
/// Sums are of differences from the mean of the first block, so that a cloud far from 0 loses no digits.
class Covariance {
 public:
  /// [n, dimensions], n ≥ 1. Throws Error for other shapes, and when a point is not finite.
  void add(const Tensor& points);

  int64_t count() const { return count_; }
  Tensor mean() const;        ///< [dimensions], float64
  Tensor covariance() const;  ///< [dimensions, dimensions], float64 (sums over n − 1)

  /// As of all the points together; k is cut to the number of dimensions. Directions beyond the n − 1 that n
  /// points span have no meaning, as above. Throws Error below two points.
  PrincipalComponents principal_components(int64_t k) const;

 private:
  int64_t count_ = 0;
  Tensor origin_;    // [dimensions]
  Tensor sum_;       // of the points less the origin
  Tensor products_;  // [dimensions, dimensions], of these among themselves
};

}  // namespace isthmus::ops
