#pragma once

#include "isthmus/core/torch.hpp"

namespace isthmus::ops {

/// While it lives, a backward pass on this thread may add the gradient of a weight to weight.grad() as it
/// forms it, in one matrix product, instead of returning it for autograd to add: that saves a pass over all
/// weights, twice read and once written. For a training step, which alone knows that backward() is for the
/// gradients of the parameters: under torch::autograd::grad, or with hooks on a weight, nothing would come
/// out.
class GradientsInPlace {
 public:
  GradientsInPlace();
  ~GradientsInPlace();
  GradientsInPlace(const GradientsInPlace&) = delete;
  GradientsInPlace& operator=(const GradientsInPlace&) = delete;

 private:
  bool before_;
};

/// Where the gradient of `weight` [rows, columns] may be added: its grad(), or, where it is the transpose of
/// a parameter, that one's grad() transposed. Undefined when it may not.
Tensor place_of_gradient(const Tensor& weight);

}  // namespace isthmus::ops
