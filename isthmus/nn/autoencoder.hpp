#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <tuple>

#include "isthmus/core/field.hpp"
#include "isthmus/core/model.hpp"
#include "isthmus/nn/backbone.hpp"
#include "isthmus/nn/reconstruction.hpp"

namespace isthmus::nn {

/// The words that every deterministic autoencoder has; a Config takes them in by inlined<&Config::network>().
struct AutoencoderConfig {
  Backbone backbone;
  int64_t latent = 32;
  ReconstructionLoss loss = ReconstructionLoss::squared_error;

  static constexpr auto fields() {
    return std::tuple{
        field<&AutoencoderConfig::backbone>("encoder and decoder networks"),
        field<&AutoencoderConfig::latent>("units of the code", positive),
        field<&AutoencoderConfig::loss>(
            "squared error of linear outputs, or of outputs squashed to 0 … 1 by a "
            "sigmoid, or their cross-entropy with x"),
    };
  }
};

/// What the deterministic models share: a network from x to its code, the mirror image back, and the error
/// between x and what comes back. A model adds its loss.
class Autoencoder : public Model, public Encoder, public Decoder, public Filters {
 public:
  /// [batch, shape…] → [batch, latent].
  Tensor encode(const Tensor& x) override { return encoder_->forward(x); }
  Tensor decode(const Tensor& code) override { return reconstruction_.image(decoder_->forward(code)); }
  int64_t code_size() const override { return latent_; }
  Tensor reconstruct(const Batch& batch, Noise&) override { return decode(encode(batch.x)); }

  /// Units of the encoder's first layer: their weights, and the size of their outputs (of a convolution's
  /// channel, the mean over its places).
  Tensor filters() override;
  Tensor responses(const Tensor& x) override;

 protected:
  /// `code` is the activation of the code.
  Autoencoder(const AutoencoderConfig& config, const DataSpec& data, Noise noise, Activation code);

  /// Error of what the decoder makes of `code`, as a reconstruction of x: [batch].
  Tensor error(const Tensor& code, const Tensor& x) { return output_error(decoder_->forward(code), x); }
  Tensor output_error(const Tensor& outputs, const Tensor& x) { return reconstruction_.error(outputs, x); }

  /// What Layerwise asks for: 0 where the layers are no plain stack (convolutions).
  int64_t stacked_layers() const;
  /// Layer `layer` and the decoder's layer opposite as an autoencoder of what the layers below make of x.
  /// `damage` is what the layer sees of its input; the target is the input itself. [batch].
  Tensor layer_error(int64_t layer, const Tensor& x, const std::function<Tensor(const Tensor&)>& damage);

  Network& encoder() { return *encoder_; }
  Network& decoder() { return *decoder_; }

 private:
  Shape shape_;
  int64_t latent_;
  Reconstruction reconstruction_;
  std::shared_ptr<Network> encoder_, decoder_;
};

}  // namespace isthmus::nn
