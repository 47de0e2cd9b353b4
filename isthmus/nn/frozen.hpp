#pragma once

#include <vector>

#include "isthmus/core/torch.hpp"

namespace isthmus::nn {

/// As long as this lives, what a module computes sends its inputs a gradient, but its parameters none: the
/// module is a fixed function. Graphs made before or after are not touched.
class Frozen {
 public:
  explicit Frozen(const torch::nn::Module& module) {
    for (Tensor& parameter : module.parameters())
      if (parameter.requires_grad()) parameters_.push_back(parameter.requires_grad_(false));
  }
  ~Frozen() {
    for (Tensor& parameter : parameters_) parameter.requires_grad_(true);
  }
  Frozen(const Frozen&) = delete;
  Frozen& operator=(const Frozen&) = delete;

 private:
  std::vector<Tensor> parameters_;
};

}  // namespace isthmus::nn
