#pragma once

#include <cstdint>
#include <memory>
#include <tuple>
#include <vector>

#include "isthmus/core/field.hpp"
#include "isthmus/core/model.hpp"
#include "isthmus/nn/network.hpp"
#include "isthmus/ops/activation.hpp"

namespace isthmus::nn {

using ops::Activation;

enum class Architecture { mlp, conv };

/// The networks between data and code; the decoder is the encoder's mirror image.
struct Backbone {
  Architecture kind = Architecture::mlp;
  std::vector<int64_t> hidden = {400};
  std::vector<int64_t> channels = {32, 64};
  Activation activation = Activation::relu;
  bool tied = false;

  static constexpr auto fields() {
    return std::tuple{
        field<&Backbone::kind>(
            "fully connected layers, or convolutions (images only) with such layers on top"),
        field<&Backbone::hidden>(
            "widths of the encoder's fully connected layers, the decoder's are their mirror "
            "image; empty is linear",
            positive),
        field<&Backbone::channels>(
            "of conv: channels of the encoder's convolutions, 4x4, each halving height and "
            "width",
            positive),
        field<&Backbone::activation>("after every layer but the last"),
        field<&Backbone::tied>("of mlp: the decoder's weights are the encoder's, transposed"),
    };
  }
};

/// [n, shape…] → [n, outputs], `last` after the last layer. Weights start as Glorot & Bengio (2010) say,
/// biases at 0. Throws Error when the backbone does not take this shape.
std::shared_ptr<Network> make_encoder(const Backbone& backbone, const Shape& shape, int64_t outputs,
                                      Noise& noise, Activation last = Activation::identity);

/// Throws Error, as the two others do, for a shape that the convolutions do not take.
void check_convolutions(const Backbone& backbone, const Shape& shape);

/// [n, inputs] → [n, shape…], or [n, elements(shape)] where no layer knows of the shape. Throws UsageError
/// for tied weights: they need the encoder, and its outputs to be the decoder's inputs.
std::shared_ptr<Network> make_decoder(const Backbone& backbone, int64_t inputs, const Shape& shape,
                                      Noise& noise);

/// An encoder to a code of `code` numbers, and its mirror image back.
struct Mirrored {
  std::shared_ptr<Network> encoder;
  std::shared_ptr<Network> decoder;
};

/// The two above, with tied weights where the backbone says so. Throws UsageError for tied convolutions.
Mirrored make_mirrored(const Backbone& backbone, const Shape& shape, int64_t code, Noise& noise,
                       Activation last = Activation::identity);

}  // namespace isthmus::nn
