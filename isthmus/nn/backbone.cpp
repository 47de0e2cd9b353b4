#include "isthmus/nn/backbone.hpp"

#include "isthmus/nn/convolution.hpp"
#include "isthmus/nn/mlp.hpp"

namespace isthmus::nn {

std::shared_ptr<Network> make_encoder(const Backbone& backbone, const Shape& shape, int64_t outputs,
                                      Noise& noise) {
  if (backbone.kind == Architecture::mlp)
    return std::make_shared<Mlp>(elements(shape), backbone.hidden, outputs, backbone.activation, noise);
  return std::make_shared<ConvolutionalEncoder>(
      Pyramid{shape, backbone.channels, backbone.hidden, backbone.activation}, outputs, noise);
}

std::shared_ptr<Network> make_decoder(const Backbone& backbone, int64_t inputs, const Shape& shape,
                                      Noise& noise) {
  if (backbone.kind == Architecture::mlp) {
    const std::vector<int64_t> mirrored(backbone.hidden.rbegin(), backbone.hidden.rend());
    return std::make_shared<Mlp>(inputs, mirrored, elements(shape), backbone.activation, noise);
  }
  return std::make_shared<ConvolutionalDecoder>(
      inputs, Pyramid{shape, backbone.channels, backbone.hidden, backbone.activation}, noise);
}

}  // namespace isthmus::nn
