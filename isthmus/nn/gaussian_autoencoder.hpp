#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "isthmus/core/model.hpp"
#include "isthmus/nn/backbone.hpp"
#include "isthmus/nn/observation.hpp"
#include "isthmus/nn/stochastic_layer.hpp"
#include "isthmus/ops/gaussian_draw.hpp"

namespace isthmus::nn {

/// Layers of latent variables, from the data up.
struct LatentLayers {
  std::vector<int64_t> sizes;         ///< of each; one or more
  std::vector<int64_t> between = {};  ///< widths of the hidden layers between one and the next
};

/// Draws of every layer of latent variables, from the data up, and the q that each was drawn from.
struct LatentDraws {
  std::vector<Tensor> z;              ///< [batch, k, size of the layer]
  std::vector<GaussianParameters> q;  ///< the same, or [batch, 1, size] where all draws share it
};

/// What models share that have a Gaussian code: z ~ N(0, I), x ~ p(x|z) from the decoder, q(z|x) = N(μ(x),
/// diag σ²(x)) from the encoder. Further layers of latent variables may stand on top of z, which is then
/// drawn from them. A model adds its loss.
///
/// The code that is encoded, decoded and measured is the layer next to the data.
class GaussianAutoencoder : public Model,
                            public Encoder,
                            public Decoder,
                            public Generator,
                            public LatentVariable,
                            public GaussianPosterior,
                            public ExactLikelihood,
                            public PriorProposal,
                            public RateDistortion,
                            public RefinablePosterior {
 public:
  Tensor encode(const Tensor& x) override { return posterior(x).mean; }
  Tensor decode(const Tensor& z) override { return observation_->mean(decoder_->forward(z)); }
  int64_t code_size() const override { return layers_.sizes.front(); }
  Tensor reconstruct(const Batch& batch, Noise&) override { return decode(encode(batch.x)); }
  Tensor sample(int64_t n, Noise& noise) override { return decode(draw_from_prior({n}, noise)); }

  GaussianParameters posterior(const Tensor& x) override;
  bool has_standard_prior() const override { return upper_.empty(); }

  Tensor log_weights(const Batch& batch, int64_t k, Noise& noise) override;
  std::optional<std::string> no_likelihood() const override { return observation_->no_likelihood(); }
  Tensor prior_log_weights(const Batch& batch, int64_t k, Noise& noise) override;
  Parts rate_distortion(const Batch& batch, int64_t k, Noise& noise) override;

  /// Mean and log-variance of q(z|x); for each further layer what is added to the mean and the log-variance
  /// that the encoder answers to the layer below, 0 at first.
  std::vector<Tensor> posterior_parameters(const Batch& batch) override;
  Tensor log_weights_under(const std::vector<Tensor>& parameters, const Batch& batch, int64_t k,
                           Noise& noise) override;

  /// Probabilistic PCA: in closed form where the decoder is linear and p(x|z) is a Gaussian of one variance
  /// (Tipping & Bishop 1999, equation 4). In float64.
  Tensor log_likelihood(const Batch& batch) override;
  std::optional<std::string> no_exact_likelihood() const override;

 protected:
  /// Throws Error for a shape that the backbone does not take, UsageError for data outside the likelihood.
  GaussianAutoencoder(const Backbone& backbone, const LatentLayers& layers,
                      const ObservationConfig& observation, const DataSpec& data, Noise noise);

  /// One draw an example from q(z|x), [batch, size], and KL(q(z|x) ‖ N(0, I)), [batch], of a single layer.
  ops::DrawAndKl draw_with_kl(const Tensor& x, Noise& noise);

  /// k draws an example from q; with `moves`, from q moved by them, as posterior_parameters has them for the
  /// layers above the first.
  LatentDraws draw(const GaussianParameters& q, int64_t k, Noise& noise,
                   const std::vector<Tensor>& moves = {});

  /// log p(x|z): z [batch, size] → [batch], or [batch, k, size] → [batch, k].
  Tensor log_prob_given(const Tensor& x, const Tensor& z);

  // All layers at once, for z as in LatentDraws: [batch, k].
  Tensor log_prior(const std::vector<Tensor>& z);         ///< log p(z)
  static Tensor log_posterior(const LatentDraws& draws);  ///< log q(z|x)
  Tensor log_posterior_frozen(const LatentDraws& draws,
                              const std::vector<Tensor>& z);  ///< as a function of z alone

  /// log p(x, z) − log q(z|x), [batch, k].
  Tensor weights_of(const Tensor& x, const LatentDraws& draws);

  /// The same for k fresh draws.
  Tensor fresh_weights(const Tensor& x, int64_t k, Noise& noise);

 private:
  at::Device device() const { return encoder_->output_bias().device(); }
  Tensor draw_from_prior(std::vector<int64_t> rows, Noise& noise);

  Backbone backbone_;
  ObservationConfig observation_config_;
  LatentLayers layers_;
  std::shared_ptr<Observation> observation_;
  std::shared_ptr<Network> encoder_, decoder_;
  std::vector<std::shared_ptr<StochasticLayer>> upper_;  // the layers above the first
};

}  // namespace isthmus::nn
