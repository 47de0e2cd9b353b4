#include "isthmus/train/flat_parameters.hpp"

#include <unordered_set>

#include <torch/csrc/autograd/functions/accumulate_grad.h>

namespace isthmus::train {
namespace {

// Floats: every parameter starts on its own cache line, as the kernels like it.
constexpr int64_t alignment = 16;

int64_t padded(int64_t size) {
  return (size + alignment - 1) / alignment * alignment;
}

/// The tensors at the ends of a loss's graph: those that backward() adds a gradient to.
std::unordered_set<const c10::TensorImpl*> leaves_of(const Tensor& loss) {
  std::unordered_set<const c10::TensorImpl*> leaves;
  std::unordered_set<const torch::autograd::Node*> seen;
  std::vector<torch::autograd::Node*> open{loss.grad_fn().get()};
  while (!open.empty()) {
    torch::autograd::Node* node = open.back();
    open.pop_back();
    if (node == nullptr || !seen.insert(node).second) continue;
    if (const auto* leaf = dynamic_cast<torch::autograd::AccumulateGrad*>(node))
      leaves.insert(leaf->variable.unsafeGetTensorImpl());
    for (const torch::autograd::Edge& edge : node->next_edges()) open.push_back(edge.function.get());
  }
  return leaves;
}

}  // namespace

FlatParameters::FlatParameters(Model& model, bool with_shadow) : parameters_(model.parameters()) {
  int64_t size = 0;
  for (const Tensor& parameter : parameters_) {
    size += padded(parameter.numel());
    count_ += parameter.numel();
  }
  const auto device = count_ > 0 ? parameters_.front().device() : at::Device(at::kCPU);
  values_ = at::zeros({size}, at::TensorOptions(at::kFloat).device(device));
  gradients_ = at::zeros_like(values_);

  int64_t offset = 0;
  for (Tensor& parameter : parameters_) {
    const auto place = [&](const Tensor& buffer) {
      return buffer.narrow(0, offset, parameter.numel()).view(parameter.sizes());
    };
    const Tensor value = place(values_);
    value.copy_(parameter.detach());
    parameter.set_data(value);
    parameter.mutable_grad() = place(gradients_);
    offset += padded(parameter.numel());
  }
  if (with_shadow) shadow_ = {values_, values_.to(at::kBFloat16)};
}

std::vector<FlatParameters::Range> FlatParameters::ranges_of(const Tensor& loss) const {
  const auto leaves = leaves_of(loss);
  std::vector<Range> ranges;
  int64_t offset = 0;
  for (const Tensor& parameter : parameters_) {
    const int64_t size = padded(parameter.numel());
    if (leaves.contains(parameter.unsafeGetTensorImpl())) {
      const bool adjoins = !ranges.empty() && ranges.back().first + ranges.back().size == offset;
      if (adjoins)
        ranges.back().size += size;
      else
        ranges.push_back({offset, size});
    }
    offset += size;
  }
  return ranges;
}

}  // namespace isthmus::train
