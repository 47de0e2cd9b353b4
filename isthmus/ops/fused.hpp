#pragma once

#include "isthmus/core/torch.hpp"

namespace isthmus::ops {

/// False when the environment holds ISTHMUS_REFERENCE=1, which sends every op to its reference. Read once.
bool fused_paths_allowed();

/// Whether an op may take its fused path: kernels read float32 memory on the CPU, row after row without gaps.
/// An undefined tensor (no bias) is no obstacle.
template <class... Tensors>
bool eligible(const Tensors&... tensors) {
  const auto one = [](const Tensor& t) {
    return !t.defined() || (t.is_cpu() && t.scalar_type() == at::kFloat && t.is_contiguous());
  };
  return fused_paths_allowed() && (one(tensors) && ...);
}

/// For a backward pass that is to be differentiated itself: the gradients of `reference`, an op's composed
/// result, in `inputs`, with `g` as its own gradient, by operations that autograd sees. Undefined for inputs
/// that require none.
torch::autograd::variable_list gradients_with_a_graph(const Tensor& reference,
                                                      const torch::autograd::variable_list& inputs,
                                                      const Tensor& g);

}  // namespace isthmus::ops
