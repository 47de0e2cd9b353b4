#pragma once

#include <functional>

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

/// For a backward pass that is to be differentiated itself: the partial gradients of f(inputs), an op's
/// composed form, in each of `inputs`, with `g` as the gradient of its value, by operations that autograd
/// sees. Partial, since an input may have been made of another (h of its weights): that path is autograd's.
/// Undefined for inputs that require none.
torch::autograd::variable_list gradients_with_a_graph(
    const std::function<Tensor(const torch::autograd::variable_list&)>& f,
    const torch::autograd::variable_list& inputs, const Tensor& g);

/// Memory for the gradient in `saved`, an input that a node saved and its backward pass reads for the last
/// time: the input's own where nobody else can look at it any more, else fresh. For kernels that may write
/// over what they read. Only within the backward pass of the node.
Tensor room_for_gradient(const Tensor& saved);

}  // namespace isthmus::ops
