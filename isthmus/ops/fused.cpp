#include "isthmus/ops/fused.hpp"

#include <cstdlib>
#include <string_view>

#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/graph_task.h>

namespace isthmus::ops {

bool fused_paths_allowed() {
  static const bool allowed = [] {
    const char* wish = std::getenv("ISTHMUS_REFERENCE");
    return wish == nullptr || std::string_view(wish) != "1";
  }();
  return allowed;
}

torch::autograd::variable_list gradients_with_a_graph(
    const std::function<Tensor(const torch::autograd::variable_list&)>& f,
    const torch::autograd::variable_list& inputs, const Tensor& g) {
  using torch::autograd::variable_list;
  // The gradient in an alias of an input leaves out every path by which another input depends on it.
  variable_list aliases;
  variable_list wanted;
  for (const Tensor& input : inputs) {
    aliases.push_back(input.requires_grad() ? input.view_as(input) : input);
    if (input.requires_grad()) wanted.push_back(aliases.back());
  }
  const Tensor value = f(aliases);
  if (!value.requires_grad()) return variable_list(inputs.size());
  const variable_list found = torch::autograd::grad({value}, wanted, {g}, /*retain_graph=*/true,
                                                    /*create_graph=*/true, /*allow_unused=*/true);
  variable_list all;
  auto next = found.begin();
  for (const Tensor& input : inputs) all.push_back(input.requires_grad() ? *next++ : Tensor());
  return all;
}

Tensor room_for_gradient(const Tensor& saved) {
  constexpr size_t node_and_its_backward = 2;
  const bool ours_alone = !torch::autograd::get_current_graph_task_keep_graph() &&
                          saved.use_count() == node_and_its_backward && saved.storage().use_count() == 1;
  return ours_alone ? saved.detach() : at::empty_like(saved);
}

}  // namespace isthmus::ops
