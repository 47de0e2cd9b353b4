#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "isthmus/core/model.hpp"
#include "isthmus/distributions/discrete_code.hpp"
#include "isthmus/nn/backbone.hpp"
#include "isthmus/nn/observation.hpp"

namespace isthmus::nn {

/// What models share that have a discrete code: z ~ p(z), whose variables are independent, x ~ p(x|z) from
/// the decoder, q(z|x) with logits from the encoder. A model adds its loss.
class DiscreteAutoencoder : public Model,
                            public Encoder,
                            public Decoder,
                            public Generator,
                            public LatentVariable,
                            public ExactLikelihood,
                            public PriorProposal,
                            public RateDistortion {
 public:
  /// The probabilities of q(z|x), which are the mean of z.
  Tensor encode(const Tensor& x) override { return code_.mean(logits(x)); }
  Tensor decode(const Tensor& code) override { return observation_->mean(decoder_->forward(code)); }
  int64_t code_size() const override { return code_.width(); }

  /// Of the likeliest code: no z is as the mean of q(z|x) says, so the decoder knows of none.
  Tensor reconstruct(const Batch& batch, Noise&) override { return decode(code_.mode(logits(batch.x))); }
  Tensor sample(int64_t n, Noise& noise) override { return decode(draw_from_prior(n, 1, noise).squeeze(1)); }

  Tensor log_weights(const Batch& batch, int64_t k, Noise& noise) override;
  std::optional<std::string> no_likelihood() const override { return observation_->no_likelihood(); }
  Tensor prior_log_weights(const Batch& batch, int64_t k, Noise& noise) override;
  Parts rate_distortion(const Batch& batch, int64_t k, Noise& noise) override;

  /// log Σ_z p(x|z) p(z), [batch], without a gradient. Throws UsageError for a code of too many values.
  Tensor log_likelihood(const Batch& batch) override;
  std::optional<std::string> no_exact_likelihood() const override;

 protected:
  /// Throws Error for a shape that the backbone does not take, UsageError for data outside the likelihood.
  /// The prior gives every value alike, or is learned for each variable.
  DiscreteAutoencoder(const Backbone& backbone, const distributions::DiscreteCode& code, bool learned_prior,
                      const ObservationConfig& observation, const DataSpec& data, Noise& noise);

  const distributions::DiscreteCode& code() const { return code_; }
  Tensor logits(const Tensor& x) const { return encoder_->forward(x); }  ///< of q(z|x), [batch, width]

  Tensor log_prior(const Tensor& z) const { return code_.log_prob(prior_, z); }  ///< log p(z)
  Tensor kl_to_prior(const Tensor& q) const { return code_.kl(q, prior_); }      ///< of q's logits, [batch]

  /// log p(x|z), z [batch, k, width] → [k, batch].
  Tensor log_prob_given(const Tensor& x, const Tensor& z) const;
  /// The same of every x under every z: z [states, width] → [batch, states].
  Tensor log_prob_given_each(const Tensor& x, const Tensor& z) const;

 private:
  Tensor draw_from_prior(int64_t n, int64_t k, Noise& noise) const;  // [n, k, width]

  distributions::DiscreteCode code_;
  std::shared_ptr<Observation> observation_;
  std::shared_ptr<Network> encoder_, decoder_;
  Tensor prior_;  // logits of p(z), [width]
};

}  // namespace isthmus::nn
