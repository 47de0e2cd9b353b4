#include "isthmus/nn/gaussian_autoencoder.hpp"

#include <cmath>
#include <ranges>

#include <fmt/format.h>

#include "isthmus/core/error.hpp"
#include "isthmus/distributions/gaussian.hpp"
#include "isthmus/nn/frozen.hpp"

namespace isthmus::nn {

namespace gaussian = distributions::gaussian;

GaussianAutoencoder::GaussianAutoencoder(const Backbone& backbone, const LatentLayers& layers,
                                         const ObservationConfig& observation, const DataSpec& data,
                                         Noise noise)
    : backbone_(backbone),
      observation_config_(observation),
      layers_(layers),
      observation_(std::make_shared<Observation>(observation, data)),
      encoder_(make_encoder(backbone, data.shape, 2 * layers.sizes.front(), noise)),
      decoder_(make_decoder(backbone, layers.sizes.front(), observation_->output_shape(), noise)) {
  register_module("encoder", encoder_);
  register_module("decoder", decoder_);
  register_module("observation", observation_);
  observation_->start(*decoder_);
  for (size_t i = 1; i < layers.sizes.size(); ++i) {
    upper_.push_back(std::make_shared<StochasticLayer>(layers.sizes[i - 1], layers.between, layers.sizes[i],
                                                       backbone.activation, noise));
    register_module(fmt::format("upper{}", i), upper_.back());
  }
}

GaussianParameters GaussianAutoencoder::posterior(const Tensor& x) {
  return gaussian::split(encoder_->forward(x));
}

ops::DrawAndKl GaussianAutoencoder::draw_with_kl(const Tensor& x, Noise& noise) {
  const Tensor parameters = encoder_->forward(x);
  return ops::draw_and_kl(parameters, noise.normal({x.size(0), code_size()}, parameters.device()));
}

LatentDraws GaussianAutoencoder::draw(const GaussianParameters& q, int64_t k, Noise& noise,
                                      const std::vector<Tensor>& moves) {
  LatentDraws draws;
  draws.z.push_back(gaussian::draw(q, k, noise));
  draws.q.push_back({q.mean.unsqueeze(1), q.log_variance.unsqueeze(1)});
  for (size_t i = 0; i < upper_.size(); ++i) {
    GaussianParameters next = upper_[i]->up(draws.z.back());
    if (!moves.empty())
      next = {next.mean + moves[2 * i].unsqueeze(1), next.log_variance + moves[2 * i + 1].unsqueeze(1)};
    draws.z.push_back(gaussian::draw(next, noise));
    draws.q.push_back(next);
  }
  return draws;
}

Tensor GaussianAutoencoder::log_prob_given(const Tensor& x, const Tensor& z) {
  const int64_t k = z.dim() == 3 ? z.size(1) : 1;
  const Tensor rows = observation_->log_prob(decoder_->forward(z.flatten(0, -2)), x, k);
  return z.dim() == 3 ? rows.view({-1, k}) : rows;
}

Tensor GaussianAutoencoder::log_prior(const std::vector<Tensor>& z) {
  Tensor sum = gaussian::standard_log_prob(z.back());
  for (size_t i = 0; i < upper_.size(); ++i) sum = sum + gaussian::log_prob(upper_[i]->down(z[i + 1]), z[i]);
  return sum;
}

Tensor GaussianAutoencoder::log_posterior(const LatentDraws& draws) {
  Tensor sum = gaussian::log_prob(draws.q.front(), draws.z.front());
  for (size_t i = 1; i < draws.z.size(); ++i) sum = sum + gaussian::log_prob(draws.q[i], draws.z[i]);
  return sum;
}

Tensor GaussianAutoencoder::log_posterior_frozen(const LatentDraws& draws, const std::vector<Tensor>& z) {
  const GaussianParameters& q = draws.q.front();
  Tensor sum = gaussian::log_prob({q.mean.detach(), q.log_variance.detach()}, z.front());
  for (size_t i = 0; i < upper_.size(); ++i) {
    const Frozen frozen(*upper_[i]);
    sum = sum + gaussian::log_prob(upper_[i]->up(z[i]), z[i + 1]);
  }
  return sum;
}

Tensor GaussianAutoencoder::weights_of(const Tensor& x, const LatentDraws& draws) {
  return log_prob_given(x, draws.z.front()) + log_prior(draws.z) - log_posterior(draws);
}

Tensor GaussianAutoencoder::fresh_weights(const Tensor& x, int64_t k, Noise& noise) {
  const Tensor parameters = encoder_->forward(x);
  if (!upper_.empty()) return weights_of(x, draw(gaussian::split(parameters), k, noise));
  const auto [z, ratio] =
      ops::draw_and_ratio(parameters, noise.normal({x.size(0), k, code_size()}, parameters.device()));
  return log_prob_given(x, z) + ratio;
}

Tensor GaussianAutoencoder::log_weights(const Batch& batch, int64_t k, Noise& noise) {
  return fresh_weights(batch.x, k, noise).t();
}

std::vector<Tensor> GaussianAutoencoder::posterior_parameters(const Batch& batch) {
  const GaussianParameters q = posterior(batch.x);
  std::vector<Tensor> parameters{q.mean, q.log_variance};
  for (const auto& layer : upper_)
    for (int i = 0; i < 2; ++i)
      parameters.push_back(at::zeros({batch.size(), layer->size}, q.mean.options()));
  return parameters;
}

Tensor GaussianAutoencoder::log_weights_under(const std::vector<Tensor>& parameters, const Batch& batch,
                                              int64_t k, Noise& noise) {
  const std::vector<Tensor> moves(parameters.begin() + 2, parameters.end());
  const LatentDraws draws = draw({parameters[0], parameters[1]}, k, noise, moves);
  return weights_of(batch.x, draws).t();
}

RateDistortion::Parts GaussianAutoencoder::rate_distortion(const Batch& batch, int64_t k, Noise& noise) {
  const LatentDraws draws = draw(posterior(batch.x), k, noise);
  return {.rate = (log_posterior(draws) - log_prior(draws.z)).t(),
          .distortion = -log_prob_given(batch.x, draws.z.front()).t()};
}

Tensor GaussianAutoencoder::draw_from_prior(std::vector<int64_t> rows, Noise& noise) {
  rows.push_back(layers_.sizes.back());
  Tensor z = noise.normal(rows, device());
  for (const auto& layer : std::views::reverse(upper_)) z = gaussian::draw(layer->down(z), noise);
  return z;
}

Tensor GaussianAutoencoder::prior_log_weights(const Batch& batch, int64_t k, Noise& noise) {
  return log_prob_given(batch.x, draw_from_prior({batch.size(), k}, noise)).t();
}

std::optional<std::string> GaussianAutoencoder::no_exact_likelihood() const {
  const bool linear = backbone_.kind == Architecture::mlp && backbone_.hidden.empty() && upper_.empty();
  const bool isotropic = observation_config_.likelihood == Likelihood::gaussian &&
                         observation_config_.variance != Variance::per_pixel;
  if (linear && isotropic) return std::nullopt;
  return "its log p(x) is an integral over z without a closed form, which only a linear decoder with a "
         "Gaussian likelihood of one variance has (--backbone.hidden empty, --likelihood gaussian --variance "
         "scalar); use `nll`, which estimates it";
}

Tensor GaussianAutoencoder::log_likelihood(const Batch& batch) {
  if (const auto reason = no_exact_likelihood())
    throw UsageError(
        {.who = "log_likelihood", .expected = "a model with a closed form of log p(x)", .got = *reason});
  const at::NoGradGuard no_grad;
  // x ~ N(b, W Wᵀ + s² I). With M = WᵀW + s² I, [latent, latent], the inverse is (I − W M⁻¹ Wᵀ) / s² and the
  // determinant s^(2(d − latent)) |M|.
  const Tensor w = decoder_->first_weight().to(at::kDouble);
  const Tensor centred = batch.x.flatten(1).to(at::kDouble) - decoder_->output_bias().to(at::kDouble);
  const Tensor log_variance = observation_->log_spread.to(at::kDouble);
  const Tensor variance = at::exp(log_variance);
  const Tensor m = w.t().mm(w) + variance * at::eye(w.size(1), w.options());
  const Tensor factor = at::linalg_cholesky(m);
  const Tensor projected = at::linalg_solve_triangular(factor, w.t().mm(centred.t()), /*upper=*/false);
  const Tensor squares = (centred.square().sum(1) - projected.square().sum(0)) / variance;
  const auto free = static_cast<double>(w.size(0) - w.size(1));
  const Tensor log_determinant = free * log_variance + 2 * factor.diagonal().log().sum();
  return -0.5 * (squares + log_determinant + gaussian::log_two_pi * static_cast<double>(w.size(0)));
}

}  // namespace isthmus::nn
