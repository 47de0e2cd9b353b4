#pragma once

#include <cstdint>

#include "isthmus/core/torch.hpp"

namespace isthmus::ops {

/// [rows, units] → the same shape: the k largest numbers of each row where they are, 0 elsewhere. Gradients
/// flow through the kept ones alone. Of equal numbers exactly so many are kept that k remain. Throws Error
/// unless k is from 1 to units.
///
/// The result remembers which numbers it kept (`places_kept`), and `linear` then multiplies these alone.
Tensor keep_top_k(const Tensor& x, int64_t k);

/// [rows, k], int32, ascending in each row: the places that keep_top_k kept when it made `x`. Undefined when
/// `x` was made in another way, or without a graph.
Tensor places_kept(const Tensor& x);

namespace reference {
Tensor keep_top_k(const Tensor& x, int64_t k);
}  // namespace reference

}  // namespace isthmus::ops
