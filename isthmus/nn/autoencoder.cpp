#include "isthmus/nn/autoencoder.hpp"

#include "isthmus/nn/convolution.hpp"
#include "isthmus/nn/mlp.hpp"
#include "isthmus/nn/tied_mlp.hpp"

namespace isthmus::nn {

Autoencoder::Autoencoder(const AutoencoderConfig& config, const DataSpec& data, Noise noise, Activation code)
    : shape_(data.shape), latent_(config.latent), reconstruction_(config.loss, data) {
  Mirrored networks = make_mirrored(config.backbone, data.shape, latent_, noise, code);
  encoder_ = register_module("encoder", networks.encoder);
  decoder_ = register_module("decoder", networks.decoder);
  reconstruction_.start(*decoder_, data.mean);
}

Tensor Autoencoder::filters() {
  Tensor weight = encoder_->first_weight().detach();
  if (weight.dim() == 4) return weight;
  if (shape_.size() == 3) return weight.unflatten(1, shape_);
  return weight.view({weight.size(0), 1, 1, weight.size(1)});
}

Tensor Autoencoder::responses(const Tensor& x) {
  // The first layer alone: what stands above it is no part of the answer.
  if (const auto* stack = dynamic_cast<const Mlp*>(encoder_.get()))
    return stack->layers().front()->forward(x.flatten(1)).abs();
  const auto& pyramid = dynamic_cast<const ConvolutionalEncoder&>(*encoder_);
  return pyramid.convolutions().front()->forward(x).abs().mean({2, 3});
}

int64_t Autoencoder::stacked_layers() const {
  const auto* stack = dynamic_cast<const Mlp*>(encoder_.get());
  return stack == nullptr ? 0 : static_cast<int64_t>(stack->layers().size());
}

Tensor Autoencoder::layer_error(int64_t layer, const Tensor& x,
                                const std::function<Tensor(const Tensor&)>& damage) {
  const auto& up = dynamic_cast<Mlp&>(*encoder_).layers();
  const auto here = static_cast<size_t>(layer);
  Tensor input = x.flatten(1);
  {
    const at::NoGradGuard layers_below_stand_still;
    for (size_t i = 0; i < here; ++i) input = up[i]->forward(input);
  }
  const Tensor code = up[here]->forward(damage(input));
  const size_t opposite = up.size() - 1 - here;
  const auto* tied = dynamic_cast<const TiedMlp*>(decoder_.get());
  const Tensor output = tied != nullptr ? tied->layer(opposite, code)
                                        : dynamic_cast<Mlp&>(*decoder_).layers()[opposite]->forward(code);
  return layer == 0 ? reconstruction_.error(output, input) : (output - input).square().sum(1);
}

}  // namespace isthmus::nn
