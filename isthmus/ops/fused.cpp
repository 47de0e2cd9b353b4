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
  return torch::autograd::grad({reference}, inputs, {g}, /*retain_graph=*/true, /*create_graph=*/true,
                               /*allow_unused=*/true);
}

}  // namespace isthmus::ops
