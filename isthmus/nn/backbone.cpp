#include "isthmus/nn/backbone.hpp"

#include "isthmus/core/error.hpp"
#include "isthmus/nn/convolution.hpp"
#include "isthmus/nn/mlp.hpp"
#include "isthmus/nn/tied_mlp.hpp"

namespace isthmus::nn {
namespace {

Pyramid pyramid_of(const Backbone& backbone, const Shape& shape) {
  return {shape, backbone.channels, backbone.hidden, backbone.activation};
}

}  // namespace

void check_convolutions(const Backbone& backbone, const Shape& shape) {
  pyramid_of(backbone, shape).smallest();
}

std::shared_ptr<Network> make_encoder(const Backbone& backbone, const Shape& shape, int64_t outputs,
                                      Noise& noise, Activation last) {
  if (backbone.kind == Architecture::mlp)
    return std::make_shared<Mlp>(elements(shape), backbone.hidden, outputs, backbone.activation, noise, last);
  return std::make_shared<ConvolutionalEncoder>(pyramid_of(backbone, shape), outputs, noise, last);
}

std::shared_ptr<Network> make_decoder(const Backbone& backbone, int64_t inputs, const Shape& shape,
                                      Noise& noise) {
  if (backbone.tied)
    throw UsageError({.who = "backbone",
                      .expected =
                          "a decoder with weights of its own, for this model's encoder puts out more than "
                          "its decoder takes in",
                      .got = "tied weights",
                      .hint = "--backbone.tied=false"});
  if (backbone.kind == Architecture::mlp) {
    const std::vector<int64_t> mirrored(backbone.hidden.rbegin(), backbone.hidden.rend());
    return std::make_shared<Mlp>(inputs, mirrored, elements(shape), backbone.activation, noise);
  }
  return std::make_shared<ConvolutionalDecoder>(inputs, pyramid_of(backbone, shape), noise);
}

Mirrored make_mirrored(const Backbone& backbone, const Shape& shape, int64_t code, Noise& noise,
                       Activation last) {
  if (!backbone.tied) {
    auto encoder = make_encoder(backbone, shape, code, noise, last);
    return {std::move(encoder), make_decoder(backbone, code, shape, noise)};
  }
  if (backbone.kind != Architecture::mlp)
    throw UsageError({.who = "backbone",
                      .expected = "fully connected layers to tie the weights of",
                      .got = "convolutions",
                      .hint = "--backbone.tied=false, or --backbone.kind mlp"});
  auto encoder =
      std::make_shared<Mlp>(elements(shape), backbone.hidden, code, backbone.activation, noise, last);
  return {encoder, std::make_shared<TiedMlp>(encoder, backbone.activation)};
}

}  // namespace isthmus::nn
