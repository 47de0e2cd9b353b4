#include "isthmus/nn/discrete_autoencoder.hpp"

#include <vector>

#include <fmt/format.h>

namespace isthmus::nn {
namespace {

/// The exact log-likelihood, which keeps no graph, sums over codes of at most so many values …
constexpr int64_t most_states = 65536;
/// … and goes through them in parts.
constexpr int64_t states_at_once = 4096;

}  // namespace

DiscreteAutoencoder::DiscreteAutoencoder(const Backbone& backbone, const distributions::DiscreteCode& code,
                                         bool learned_prior, const ObservationConfig& observation,
                                         const DataSpec& data, Noise& noise)
    : code_(code),
      observation_(std::make_shared<Observation>(observation, data)),
      encoder_(make_encoder(backbone, data.shape, code.width(), noise)),
      decoder_(make_decoder(backbone, code.width(), observation_->output_shape(), noise)) {
  register_module("encoder", encoder_);
  register_module("decoder", decoder_);
  register_module("observation", observation_);
  const Tensor even = at::zeros({code.width()});
  prior_ = learned_prior ? register_parameter("prior", even) : register_buffer("prior", even);
  observation_->start(*decoder_);
}

Tensor DiscreteAutoencoder::log_prob_given(const Tensor& x, const Tensor& z) const {
  const int64_t k = z.size(1);
  return observation_->log_prob(decoder_->forward(z.flatten(0, 1)), x, k).view({-1, k}).t();
}

Tensor DiscreteAutoencoder::log_prob_given_each(const Tensor& x, const Tensor& z) const {
  return observation_->log_prob_of_each(decoder_->forward(z), x);
}

Tensor DiscreteAutoencoder::draw_from_prior(int64_t n, int64_t k, Noise& noise) const {
  return code_.draw(prior_.expand({n, -1}), k, noise);
}

Tensor DiscreteAutoencoder::log_weights(const Batch& batch, int64_t k, Noise& noise) {
  const Parts parts = rate_distortion(batch, k, noise);
  return -(parts.rate + parts.distortion);
}

RateDistortion::Parts DiscreteAutoencoder::rate_distortion(const Batch& batch, int64_t k, Noise& noise) {
  const Tensor q = logits(batch.x);
  const Tensor z = code_.draw(q, k, noise);
  return {.rate = (code_.log_prob(q.unsqueeze(1), z) - log_prior(z)).t(),
          .distortion = -log_prob_given(batch.x, z)};
}

Tensor DiscreteAutoencoder::prior_log_weights(const Batch& batch, int64_t k, Noise& noise) {
  return log_prob_given(batch.x, draw_from_prior(batch.size(), k, noise));
}

std::optional<std::string> DiscreteAutoencoder::no_exact_likelihood() const {
  if (code_.states(most_states)) return std::nullopt;
  return fmt::format(
      "its code takes more than the {} values that can be summed over; use `nll`, which estimates the sum",
      most_states);
}

Tensor DiscreteAutoencoder::log_likelihood(const Batch& batch) {
  const at::NoGradGuard no_grad;
  std::vector<Tensor> parts;
  for (const Tensor& some : code_.all_states(most_states).split(states_at_once)) {
    const Tensor z = some.to(batch.x.device());
    const Tensor log_p_x = log_prob_given_each(batch.x, z);
    parts.push_back(at::logsumexp(log_p_x.to(at::kDouble) + log_prior(z), 1));
  }
  return at::logsumexp(at::stack(parts), 0);
}

}  // namespace isthmus::nn
