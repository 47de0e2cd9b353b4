#pragma once

#include "isthmus/core/torch.hpp"

namespace isthmus::ops {

/// The mean of a loss over its examples, [batch] → a scalar; of other shapes, the mean of all numbers. NaN
/// for none. The fused path adds up in float64, and is two calls of torch where its own mean is sixteen,
/// forward and backward together.
Tensor batch_mean(const Tensor& of_examples);

namespace reference {
Tensor batch_mean(const Tensor& of_examples);
}  // namespace reference

}  // namespace isthmus::ops
