#pragma once

#include "isthmus/core/torch.hpp"

namespace isthmus::ops {

/// The mean of a loss over its examples, [batch] → a scalar; other shapes, the mean of all their numbers.
/// Added up in float64 by the fused path, which is two calls where torch's mean is some sixteen.
Tensor batch_mean(const Tensor& of_examples);

namespace reference {
Tensor batch_mean(const Tensor& of_examples);
}  // namespace reference

}  // namespace isthmus::ops
