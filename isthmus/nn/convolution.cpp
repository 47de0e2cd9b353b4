#include "isthmus/nn/convolution.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <string>

#include <fmt/format.h>

#include "isthmus/core/error.hpp"
#include "isthmus/ops/bf16_products.hpp"

namespace isthmus::nn {
namespace {

constexpr int64_t kernel = 4;
constexpr std::array<int64_t, 2> stride{2, 2};
constexpr std::array<int64_t, 2> padding{1, 1};

}  // namespace

Convolution::Convolution(int64_t inputs, int64_t outputs, bool transposed, Activation activation,
                         Noise& noise)
    : transposed_(transposed), activation_(activation) {
  const int64_t area = kernel * kernel;
  const std::vector<int64_t> shape = transposed ? std::vector{inputs, outputs, kernel, kernel}
                                                : std::vector{outputs, inputs, kernel, kernel};
  weight = register_parameter("weight", glorot_uniform(shape, inputs * area, outputs * area, noise));
  bias = register_parameter("bias", at::zeros({outputs}));
}

Tensor Convolution::forward(const Tensor& x, bool exact) const {
  const auto type = ops::bf16_products() && !exact ? at::kBFloat16 : weight.scalar_type();
  const Tensor h = x.to(type);
  const Tensor w = weight.to(type);
  const Tensor b = bias.to(type);
  const Tensor y =
      transposed_ ? at::conv_transpose2d(h, w, b, stride, padding) : at::conv2d(h, w, b, stride, padding);
  return ops::activate(y, activation_);
}

Shape Pyramid::smallest() const {
  if (channels.empty())
    throw Error({.who = "backbone",
                 .expected = "at least one layer of convolutions",
                 .got = "none",
                 .hint = "--backbone.channels 32,64, or --backbone.kind mlp"});
  if (image.size() != 3)
    throw Error({.who = "backbone",
                 .expected = "images [channels, height, width] for convolutions",
                 .got = fmt::format("examples of shape {}", shape_text(image)),
                 .hint = "--backbone.kind mlp"});
  const auto layers = static_cast<int64_t>(channels.size());
  const int64_t factor = int64_t{1} << std::min<int64_t>(layers, 32);
  if (image[1] % factor != 0 || image[2] % factor != 0) {
    const int halvings = std::countr_zero(static_cast<uint64_t>(image[1] | image[2]));
    throw Error(
        {.who = "backbone",
         .expected =
             fmt::format("height and width that {} convolutions can halve, multiples of {}", layers, factor),
         .got = shape_text(image),
         .hint = halvings == 0 ? "--data.size 32 or --backbone.kind mlp"
                               : fmt::format("--backbone.channels with at most {} numbers, or --data.size 32",
                                             halvings)});
  }
  return {channels.back(), image[1] / factor, image[2] / factor};
}

ConvolutionalEncoder::ConvolutionalEncoder(const Pyramid& pyramid, int64_t outputs, Noise& noise,
                                           Activation last) {
  const int64_t flat = elements(pyramid.smallest());
  int64_t inputs = pyramid.image[0];
  for (const int64_t channels : pyramid.channels) {
    const std::string name = "convolution" + std::to_string(convolutions_.size());
    convolutions_.push_back(register_module(
        name, std::make_shared<Convolution>(inputs, channels, false, pyramid.activation, noise)));
    inputs = channels;
  }
  top_ = register_module(
      "top", std::make_shared<Mlp>(flat, pyramid.hidden, outputs, pyramid.activation, noise, last));
}

Tensor ConvolutionalEncoder::forward(const Tensor& x) {
  // Channels last is the order that oneDNN's convolutions work in; it saves them a copy each way.
  Tensor h = x.contiguous(at::MemoryFormat::ChannelsLast);
  for (const auto& convolution : convolutions_) h = convolution->forward(h);
  return top_->forward(h.to(x.scalar_type()).contiguous());
}

std::vector<Tensor> ConvolutionalEncoder::activations(const Tensor& x) {
  std::vector<Tensor> all;
  Tensor h = x.contiguous(at::MemoryFormat::ChannelsLast);
  for (const auto& convolution : convolutions_) {
    h = convolution->forward(h);
    all.push_back(h.to(x.scalar_type()));
  }
  const std::vector<Tensor> top = top_->activations(all.back().contiguous());
  all.insert(all.end(), top.begin(), top.end());
  return all;
}

ConvolutionalDecoder::ConvolutionalDecoder(int64_t inputs, const Pyramid& pyramid, Noise& noise)
    : smallest_(pyramid.smallest()), activation_(pyramid.activation) {
  const std::vector<int64_t> hidden(pyramid.hidden.rbegin(), pyramid.hidden.rend());
  top_ = register_module(
      "top", std::make_shared<Mlp>(inputs, hidden, elements(smallest_), pyramid.activation, noise));
  const auto& channels = pyramid.channels;
  for (size_t i = channels.size(); i-- > 0;) {
    const bool last = i == 0;
    const std::string name = "convolution" + std::to_string(convolutions_.size());
    convolutions_.push_back(register_module(
        name, std::make_shared<Convolution>(channels[i], last ? pyramid.image[0] : channels[i - 1], true,
                                            last ? Activation::identity : pyramid.activation, noise)));
  }
}

Tensor ConvolutionalDecoder::forward(const Tensor& x) {
  Tensor h = ops::activate(top_->forward(x), activation_).unflatten(1, smallest_);
  h = h.contiguous(at::MemoryFormat::ChannelsLast);
  // The last one gives what a likelihood reads: bfloat16 would round its means to a grey level.
  for (const auto& convolution : convolutions_)
    h = convolution->forward(h, convolution == convolutions_.back());
  return h.to(x.scalar_type());
}

std::vector<Tensor> ConvolutionalDecoder::activations(const Tensor& x) {
  std::vector<Tensor> all = top_->activations(x);
  all.back() = ops::activate(all.back(), activation_).unflatten(1, smallest_);
  for (const auto& convolution : convolutions_) {
    const Tensor h = all.back().contiguous(at::MemoryFormat::ChannelsLast);
    all.push_back(convolution->forward(h, convolution == convolutions_.back()).to(x.scalar_type()));
  }
  return all;
}

}  // namespace isthmus::nn
