#pragma once

#include <cstdint>

#include "isthmus/core/torch.hpp"

namespace isthmus::ops {

/// [rows, units] → the same shape: the k largest numbers of each row where they are, 0 elsewhere. Gradients
/// flow through the kept ones alone. Of equal numbers exactly so many are kept that k remain. Throws Error
/// unless k is from 1 to units.
Tensor keep_top_k(const Tensor& x, int64_t k);

}  // namespace isthmus::ops
