#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "isthmus/nn/linear.hpp"
#include "isthmus/nn/network.hpp"

namespace isthmus::nn {

/// Fully connected layers: [rows, …] (flattened) → [rows, outputs]. `activation` follows the hidden layers,
/// `last` the last one. With no hidden layer, and identity for `last`, it is linear.
class Mlp final : public Network {
 public:
  Mlp(int64_t inputs, std::span<const int64_t> hidden, int64_t outputs, Activation activation, Noise& noise,
      Activation last = Activation::identity) {
    for (const int64_t width : hidden) {
      add(inputs, width, activation, noise);
      inputs = width;
    }
    add(inputs, outputs, last, noise);
  }

  Tensor forward(const Tensor& x) override {
    Tensor h = x.flatten(1);
    for (const auto& layer : layers_) h = layer->forward(h);
    return h;
  }

  std::vector<Tensor> activations(const Tensor& x) override {
    std::vector<Tensor> all;
    for (const auto& layer : layers_) all.push_back(layer->forward(all.empty() ? x.flatten(1) : all.back()));
    return all;
  }

  const std::vector<std::shared_ptr<Linear>>& layers() const { return layers_; }
  Tensor first_weight() const override { return layers_.front()->weight; }
  Tensor output_bias() const override { return layers_.back()->bias; }

 private:
  void add(int64_t inputs, int64_t outputs, Activation activation, Noise& noise) {
    const std::string name = "layer" + std::to_string(layers_.size());
    layers_.push_back(register_module(name, std::make_shared<Linear>(inputs, outputs, activation, noise)));
  }

  std::vector<std::shared_ptr<Linear>> layers_;
};

}  // namespace isthmus::nn
