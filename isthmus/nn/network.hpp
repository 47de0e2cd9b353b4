#pragma once

#include <vector>

#include "isthmus/core/torch.hpp"

namespace isthmus::nn {

/// A differentiable map from one tensor to another, row by row, with parameters: an encoder or a decoder.
struct Network : torch::nn::Module {
  virtual Tensor forward(const Tensor& x) = 0;

  /// The output of every layer, from the data's end on: [rows, units] of a fully connected one, [rows,
  /// channels, height, width] of a convolution. The last is forward(x), in the shape that its layer gives it.
  virtual std::vector<Tensor> activations(const Tensor& x) = 0;

  /// Weights of the first layer: [units, inputs], or [channels, inputs, height, width] of a convolution. A
  /// view of the parameter itself.
  virtual Tensor first_weight() const = 0;

  /// Bias of the last layer: one number an output, or one an output channel. A view of the parameter itself,
  /// so that a model may start it at the mean of its data.
  virtual Tensor output_bias() const = 0;
};

}  // namespace isthmus::nn
