#pragma once

#include "isthmus/core/torch.hpp"

namespace isthmus::nn {

/// A differentiable map from one tensor to another, row by row, with parameters: an encoder or a decoder.
struct Network : torch::nn::Module {
  virtual Tensor forward(const Tensor& x) = 0;

  /// Bias of the last layer: one number an output, or one an output channel. A view of the parameter itself,
  /// so that a model may start it at the mean of its data.
  virtual Tensor output_bias() const = 0;
};

}  // namespace isthmus::nn
