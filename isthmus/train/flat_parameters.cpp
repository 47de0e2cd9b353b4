#include "isthmus/train/flat_parameters.hpp"

namespace isthmus::train {
namespace {

constexpr int64_t alignment =
    16;  // floats: every parameter starts on its own cache line, as the kernels like it

int64_t padded(int64_t size) {
  return (size + alignment - 1) / alignment * alignment;
}

}  // namespace

FlatParameters::FlatParameters(Model& model) {
  int64_t size = 0;
  for (const Tensor& parameter : model.parameters()) {
    size += padded(parameter.numel());
    count_ += parameter.numel();
  }
  const auto device = count_ > 0 ? model.parameters().front().device() : at::Device(at::kCPU);
  values_ = at::zeros({size}, at::TensorOptions(at::kFloat).device(device));
  gradients_ = at::zeros_like(values_);

  int64_t offset = 0;
  for (Tensor& parameter : model.parameters()) {
    const auto place = [&](const Tensor& buffer) {
      return buffer.narrow(0, offset, parameter.numel()).view(parameter.sizes());
    };
    const Tensor value = place(values_);
    value.copy_(parameter.detach());
    parameter.set_data(value);
    parameter.mutable_grad() = place(gradients_);
    offset += padded(parameter.numel());
  }
}

}  // namespace isthmus::train
