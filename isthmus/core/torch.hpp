#pragma once

// The one way into torch: tensors, autograd and modules, without its optimisers, data loaders and ready-made
// layers, which isthmus does not use and which triple the time of a compilation.

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/nn/module.h>

namespace isthmus {

using at::Tensor;

}  // namespace isthmus
