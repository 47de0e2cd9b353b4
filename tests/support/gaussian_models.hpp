#pragma once

#include <cmath>
#include <memory>
#include <numbers>

#include "isthmus/nn/gaussian_autoencoder.hpp"

#include "tests/support/losses.hpp"

namespace isthmus::testing {

/// The settings that the tests of models with a Gaussian code share: 16 pixels, 3 latent dimensions.
template <class Config>
Config small_config(nn::Likelihood likelihood = nn::Likelihood::bernoulli,
                    nn::Variance variance = nn::Variance::scalar) {
  Config config;
  config.backbone.hidden = {16, 8};
  config.backbone.activation = ops::Activation::tanh;
  config.latent = {3};
  config.observation = {.likelihood = likelihood, .variance = variance};
  return config;
}

inline DataSpec small_binary_images() {
  return {.shape = {1, 4, 4}, .binary = true, .mean = at::full({1, 4, 4}, 0.3F)};
}

inline Batch draw_images(int64_t count) {
  Noise noise(2, Purpose::evaluation);
  return {.x = noise.bernoulli(at::full({count, 1, 4, 4}, 0.3F))};
}

/// Probabilistic PCA (Tipping & Bishop 1999): x = W z + mu + noise of variance s². W has orthogonal columns,
/// so the posterior of z has a diagonal covariance, s² (WᵀW + s²I)⁻¹, and a linear encoder can say it
/// exactly.
struct ProbabilisticPca {
  static constexpr int64_t d = 5;
  static constexpr int64_t k = 2;
  static constexpr double s2 = 0.3;
  Tensor mu = at::tensor({0.5, -1.0, 2.0, 0.0, 0.25}, at::kDouble);
  Tensor w = at::tensor({1.0, 0.5, 1.0, -0.5, 1.0, 0.5, 1.0, -0.5, 0.0, 0.0}, at::kDouble).view({d, k});
  Tensor x = mu + Noise(6).normal({8, d}).to(at::kDouble) * 1.5;

  Tensor evidence_covariance() const { return at::mm(w, w.t()) + s2 * at::eye(d, at::kDouble); }

  /// log p(x), [n]: a normal with covariance W Wᵀ + s² I.
  Tensor log_likelihood() const { return log_likelihood(x); }
  Tensor log_likelihood(const Tensor& points) const {
    const Tensor covariance = evidence_covariance();
    const Tensor centred = points.to(at::kDouble) - mu;
    const Tensor squares = (at::mm(centred, covariance.inverse()) * centred).sum(1);
    return -0.5 * (d * std::log(2 * std::numbers::pi) + at::logdet(covariance).item<double>() + squares);
  }

  template <class Model, class Config>
  std::shared_ptr<Model> build(Config config = {}) const {
    config.backbone.hidden = {};
    config.latent = {k};
    config.observation = {.likelihood = nn::Likelihood::gaussian, .variance = nn::Variance::scalar};
    auto model = std::make_shared<Model>(config, DataSpec{.shape = {d}}, Noise(1));
    set(*model);
    return model;
  }

  /// Weights of the model above, q the exact posterior.
  void set(Model& model) const {
    const at::NoGradGuard no_grad;
    const Tensor precision = at::mm(w.t(), w) + s2 * at::eye(k, at::kDouble);
    const Tensor projection = at::mm(precision.inverse(), w.t());  // [k, d]
    auto parameters = model.named_parameters();
    parameters["encoder.layer0.weight"].copy_(at::cat({projection, at::zeros({k, d}, at::kDouble)}));
    parameters["encoder.layer0.bias"].copy_(
        at::cat({-at::mv(projection, mu), at::log(s2 / precision.diagonal())}));
    parameters["decoder.layer0.weight"].copy_(w);
    parameters["decoder.layer0.bias"].copy_(mu);
    parameters["observation.log_variance"].fill_(std::log(s2));
  }

  /// Moves q: its means by `shift`, its log-variances by `widen`.
  static void move_posterior(Model& model, double shift, double widen) {
    const at::NoGradGuard no_grad;
    Tensor bias = model.named_parameters()["encoder.layer0.bias"];
    bias.narrow(0, 0, k).add_(shift);
    bias.narrow(0, k, k).add_(widen);
  }

  /// KL(q ‖ posterior) after that, nats, the same for every x.
  double gap(double shift, double widen) const {
    const Tensor precision = (at::mm(w.t(), w) / s2 + at::eye(k, at::kDouble)).diagonal();
    return (0.5 * (std::exp(widen) - 1 - widen + shift * shift * precision)).sum().item<double>();
  }

  /// −E[log p(x)] over all x that the model may draw, nats.
  double entropy() const {
    return 0.5 *
           (at::logdet(evidence_covariance()).item<double>() + d * (1 + std::log(2 * std::numbers::pi)));
  }

  /// E[KL(q ‖ N(0, I))] over the same x, q moved as above: its means vary with x, its variances do not.
  double rate(double shift, double widen) const {
    const Tensor precision = at::mm(w.t(), w) + s2 * at::eye(k, at::kDouble);
    const Tensor projection = at::mm(precision.inverse(), w.t());
    const Tensor means = at::mm(at::mm(projection, evidence_covariance()), projection.t()).diagonal();
    const Tensor variance = s2 / precision.diagonal() * std::exp(widen);
    return (0.5 * (variance + means + shift * shift - 1 - at::log(variance))).sum().item<double>();
  }

  /// n examples drawn from the model, float32 as data are.
  Tensor draw(int64_t n, uint64_t seed) const {
    Noise noise(seed, Purpose::picture);
    const Tensor z = noise.normal({n, k}).to(at::kDouble);
    return (z.mm(w.t()) + mu + std::sqrt(s2) * noise.normal({n, d})).to(at::kFloat);
  }
};

}  // namespace isthmus::testing
