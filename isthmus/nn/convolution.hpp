#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "isthmus/core/model.hpp"
#include "isthmus/nn/mlp.hpp"
#include "isthmus/nn/network.hpp"

namespace isthmus::nn {

/// 4x4 kernels, two pixels a stride, with an activation: [n, inputs, 2h, 2w] → [n, outputs, h, w]. With
/// `transposed` the other way round.
class Convolution final : public torch::nn::Module {
 public:
  Convolution(int64_t inputs, int64_t outputs, bool transposed, Activation activation, Noise& noise);
  /// Within ops::Bf16Products in bfloat16, the result too, unless `exact`.
  Tensor forward(const Tensor& x, bool exact = false) const;

  Tensor weight;  ///< [outputs, inputs, 4, 4]; transposed: [inputs, outputs, 4, 4]
  Tensor bias;    ///< [outputs], 0 at first

 private:
  bool transposed_;
  Activation activation_;
};

/// What the two networks below share: an image [channels, height, width], halved in height and width once for
/// each entry of `channels`, and fully connected layers between the smallest image and the code.
struct Pyramid {
  Shape image;
  std::vector<int64_t> channels;
  std::vector<int64_t> hidden;
  Activation activation = Activation::relu;

  /// The smallest image. Throws Error, saying which shapes would do, when `image` is no image or cannot be
  /// halved so often.
  Shape smallest() const;
};

/// Strided convolutions, then fully connected layers: [n, image…] → [n, outputs].
class ConvolutionalEncoder final : public Network {
 public:
  /// `last` follows the last fully connected layer.
  ConvolutionalEncoder(const Pyramid& pyramid, int64_t outputs, Noise& noise,
                       Activation last = Activation::identity);
  Tensor forward(const Tensor& x) override;
  std::vector<Tensor> activations(const Tensor& x) override;
  const std::vector<std::shared_ptr<Convolution>>& convolutions() const { return convolutions_; }
  Tensor first_weight() const override { return convolutions_.front()->weight; }
  Tensor output_bias() const override { return top_->output_bias(); }

 private:
  std::vector<std::shared_ptr<Convolution>> convolutions_;
  std::shared_ptr<Mlp> top_;  // from the smallest image to the outputs
};

/// The encoder's mirror image, with transposed convolutions: [n, inputs] → [n, image…].
class ConvolutionalDecoder final : public Network {
 public:
  ConvolutionalDecoder(int64_t inputs, const Pyramid& pyramid, Noise& noise);
  Tensor forward(const Tensor& x) override;
  std::vector<Tensor> activations(const Tensor& x) override;
  Tensor first_weight() const override { return top_->first_weight(); }
  Tensor output_bias() const override { return convolutions_.back()->bias; }

 private:
  Shape smallest_;
  Activation activation_;
  std::shared_ptr<Mlp> top_;
  std::vector<std::shared_ptr<Convolution>> convolutions_;
};

}  // namespace isthmus::nn
