#pragma once

#include "isthmus/core/torch.hpp"
#include "isthmus/kernels/activation.hpp"

namespace isthmus::ops {

/// identity, relu, tanh, sigmoid, softplus: each with a derivative that its value alone tells.
using kernels::Activation;

/// Element by element; any shape, strides and dtype.
Tensor activate(const Tensor& x, Activation activation);

/// activate'(x) as a function of y = activate(x).
Tensor slope(const Tensor& y, Activation activation);

}  // namespace isthmus::ops
