#include "isthmus/ops/fused.hpp"

#include <cstdlib>
#include <string_view>

#include <torch/csrc/autograd/autograd.h>

namespace isthmus::ops {

bool fused_paths_allowed() {
  static const bool allowed = [] {
    const char* wish = std::getenv("ISTHMUS_REFERENCE");
    return wish == nullptr || std::string_view(wish) != "1";
  }();
  return allowed;
}

torch::autograd::variable_list gradients_with_a_graph(const Tensor& reference,
                                                      const torch::autograd::variable_list& inputs,
                                                      const Tensor& g) {
  torch::autograd::variable_list wanted;
  for (const Tensor& input : inputs)
    if (input.requires_grad()) wanted.push_back(input);
  if (wanted.empty() || !reference.requires_grad()) return torch::autograd::variable_list(inputs.size());
  const auto found = torch::autograd::grad({reference}, wanted, {g}, /*retain_graph=*/true,
                                           /*create_graph=*/true, /*allow_unused=*/true);
  torch::autograd::variable_list all;
  auto next = found.begin();
  for (const Tensor& input : inputs) all.push_back(input.requires_grad() ? *next++ : Tensor());
  return all;
}

}  // namespace isthmus::ops
