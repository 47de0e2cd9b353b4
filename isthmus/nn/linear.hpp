#pragma once

#include <cstdint>

#include "isthmus/core/noise.hpp"
#include "isthmus/nn/initial.hpp"
#include "isthmus/ops/linear.hpp"

namespace isthmus::nn {

using ops::Activation;

/// A fully connected layer with its activation: [rows, inputs] → [rows, outputs].
class Linear final : public torch::nn::Module {
 public:
  Linear(int64_t inputs, int64_t outputs, Activation activation, Noise& noise)
      : weight(register_parameter("weight", glorot_uniform({outputs, inputs}, inputs, outputs, noise))),
        bias(register_parameter("bias", at::zeros({outputs}))),
        activation_(activation) {}

  Tensor forward(const Tensor& x) const { return ops::linear(x, weight, bias, activation_); }

  Tensor weight;  ///< [outputs, inputs]
  Tensor bias;    ///< [outputs], 0 at first

 private:
  Activation activation_;
};

}  // namespace isthmus::nn
