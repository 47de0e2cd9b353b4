#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "isthmus/nn/linear.hpp"
#include "isthmus/nn/network.hpp"

namespace isthmus::nn {

/// Fully connected layers, an activation after each but the last: [rows, …] (flattened) → [rows, outputs].
/// With no hidden layer it is linear.
class Mlp final : public Network {
 public:
  Mlp(int64_t inputs, std::span<const int64_t> hidden, int64_t outputs, Activation activation, Noise& noise) {
    for (const int64_t width : hidden) {
      add(inputs, width, activation, noise);
      inputs = width;
    }
    add(inputs, outputs, Activation::identity, noise);
  }

  Tensor forward(const Tensor& x) override {
    Tensor h = x.flatten(1);
    for (const auto& layer : layers_) h = layer->forward(h);
    return h;
  }

  Tensor output_bias() const override { return layers_.back()->bias; }

 private:
  void add(int64_t inputs, int64_t outputs, Activation activation, Noise& noise) {
    const std::string name = "layer" + std::to_string(layers_.size());
    layers_.push_back(register_module(name, std::make_shared<Linear>(inputs, outputs, activation, noise)));
  }

  std::vector<std::shared_ptr<Linear>> layers_;
};

}  // namespace isthmus::nn
