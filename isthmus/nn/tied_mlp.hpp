#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "isthmus/nn/mlp.hpp"

namespace isthmus::nn {

/// The mirror image of an Mlp by its own weights, transposed; only the biases are new: [rows, code] → [rows,
/// inputs]. Half the parameters, and units that read and write the same picture (Vincent et al. 2010,
/// section 2.2).
class TiedMlp final : public Network {
 public:
  /// `activation` follows every layer but the last. The weights stay the encoder's, which registers them.
  TiedMlp(std::shared_ptr<Mlp> encoder, Activation activation)
      : encoder_(std::move(encoder)), activation_(activation) {
    const auto& layers = encoder_->layers();
    for (size_t i = 0; i < layers.size(); ++i) {
      const int64_t outputs = layers[layers.size() - 1 - i]->weight.size(1);
      layers_.push_back(register_module("layer" + std::to_string(i), std::make_shared<Layer>(outputs)));
    }
  }

  Tensor forward(const Tensor& x) override {
    Tensor h = x.flatten(1);
    for (size_t i = 0; i < layers_.size(); ++i) h = layer(i, h);
    return h;
  }

  std::vector<Tensor> activations(const Tensor& x) override {
    std::vector<Tensor> all;
    for (size_t i = 0; i < layers_.size(); ++i)
      all.push_back(layer(i, all.empty() ? x.flatten(1) : all.back()));
    return all;
  }

  /// Layer i alone, 0 next to the code.
  Tensor layer(size_t i, const Tensor& h) const {
    const bool last = i + 1 == layers_.size();
    return ops::linear(h, weight(i), layers_[i]->bias, last ? Activation::identity : activation_);
  }

  Tensor first_weight() const override { return weight(0); }
  Tensor output_bias() const override { return layers_.back()->bias; }

 private:
  /// What a layer has of its own, under the name that it has in an Mlp: "layer0.bias".
  struct Layer final : torch::nn::Module {
    explicit Layer(int64_t outputs) : bias(register_parameter("bias", at::zeros({outputs}))) {}
    Tensor bias;  // [outputs], 0 at first
  };

  Tensor weight(size_t i) const { return encoder_->layers()[layers_.size() - 1 - i]->weight.t(); }

  std::shared_ptr<Mlp> encoder_;  // not registered here: its parameters are not this network's
  Activation activation_;
  std::vector<std::shared_ptr<Layer>> layers_;
};

}  // namespace isthmus::nn
