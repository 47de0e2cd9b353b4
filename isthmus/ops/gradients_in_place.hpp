#pragma once

#include "isthmus/core/torch.hpp"

namespace isthmus::ops {

/// While it lives, a backward pass on this thread may add the gradient of a weight or a bias to its grad() as
/// it forms it, instead of returning it for autograd to add: that saves a pass over all weights, twice read
/// and once written, and a call for every bias. For a training step, which alone knows that backward() is for
/// the gradients of the parameters: under torch::autograd::grad, or with hooks on a weight, nothing would
/// come out.
class GradientsInPlace {
 public:
  GradientsInPlace();
  ~GradientsInPlace();
  GradientsInPlace(const GradientsInPlace&) = delete;
  GradientsInPlace& operator=(const GradientsInPlace&) = delete;

 private:
  bool before_;
};

/// Where the gradient of `weight` may be added: its grad(), or, where it is the transpose of a parameter
/// [rows, columns], that one's grad() transposed. Undefined when it may not.
Tensor place_of_gradient(const Tensor& weight);

}  // namespace isthmus::ops
