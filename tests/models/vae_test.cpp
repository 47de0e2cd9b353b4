#include "isthmus/models/vae.hpp"

#include <cmath>
#include <numbers>

#include <gtest/gtest.h>

namespace isthmus::models::vae {
namespace {

Config config_of(nn::Likelihood likelihood, nn::Variance variance = nn::Variance::scalar) {
  Config config;
  config.backbone.hidden = {16, 8};
  config.backbone.activation = ops::Activation::tanh;
  config.latent = 3;
  config.observation = {.likelihood = likelihood, .variance = variance};
  return config;
}

DataSpec small_images(bool binary = true) {
  return {.shape = {1, 4, 4}, .binary = binary, .mean = at::full({1, 4, 4}, 0.3F)};
}

Batch images(int64_t count) {
  Noise noise(2, Purpose::evaluation);
  return {.x = noise.bernoulli(at::full({count, 1, 4, 4}, 0.3F))};
}

Step step_at(int64_t index) {
  return {index, Noise(9, Purpose::training, index)};
}

const Tensor& term(const Loss& loss, std::string_view name) {
  for (const auto& [own, value] : loss.terms)
    if (own == name) return value;
  throw std::out_of_range(std::string(name));
}

TEST(Vae, LossIsMinusTheElboOfItsParts) {
  Model model(config_of(nn::Likelihood::bernoulli), small_images(), Noise(1));
  const Batch batch = images(6);
  Step step = step_at(4);
  const Loss loss = model.loss(batch, step);

  // The same by hand, in float64 and with other formulas: z from the same noise, the likelihood as a product
  // of probabilities, the KL as the textbook writes it.
  const auto [mean, log_variance] = model.posterior(batch.x);
  const Tensor z = mean + at::exp(log_variance / 2) * step_at(4).noise.normal({6, 3});
  const Tensor p = model.decode(z).to(at::kDouble);
  const Tensor x = batch.x.to(at::kDouble);
  const Tensor log_p_x = at::log(x * p + (1 - x) * (1 - p)).flatten(1).sum(1);
  const Tensor m = mean.to(at::kDouble);
  const Tensor v = log_variance.to(at::kDouble);
  const Tensor kl = -0.5 * (1 + v - m * m - at::exp(v)).sum(1);
  EXPECT_NEAR(term(loss, "reconstruction").item<double>(), -log_p_x.mean().item<double>(), 1e-5);
  EXPECT_NEAR(term(loss, "kl").item<double>(), kl.mean().item<double>(), 1e-6);
  EXPECT_NEAR(loss.total().item<double>(), (kl - log_p_x).mean().item<double>(), 1e-5);
}

TEST(Vae, LogWeightsAreLogJointMinusLogPosterior) {
  const at::NoGradGuard no_grad;
  Model model(config_of(nn::Likelihood::bernoulli), small_images(), Noise(1));
  const Batch batch = images(5);
  constexpr int64_t k = 4;
  Noise noise(3, Purpose::evaluation);
  const Tensor weights = model.log_weights(batch, k, noise);
  ASSERT_EQ(weights.sizes(), (Shape{k, 5}));

  const auto [mean, log_variance] = model.posterior(batch.x);
  const Tensor epsilon = Noise(3, Purpose::evaluation).normal({5, k, 3});
  const auto log_normal = [](const Tensor& x, const Tensor& m, const Tensor& v) {
    return (-0.5 * (x - m).square() / v - 0.5 * at::log(2 * std::numbers::pi * v)).sum(-1);
  };
  for (int64_t draw = 0; draw < k; ++draw) {
    const Tensor z = mean + at::exp(log_variance / 2) * epsilon.select(1, draw);
    const Tensor p = model.decode(z);
    const Tensor log_p_x = at::log(batch.x * p + (1 - batch.x) * (1 - p)).flatten(1).sum(1);
    const Tensor by_hand =
        log_p_x + log_normal(z, at::zeros({3}), at::ones({3})) - log_normal(z, mean, at::exp(log_variance));
    EXPECT_TRUE(weights[draw].allclose(by_hand, 1e-5, 1e-4));
  }
}

TEST(Vae, OneLogWeightIsTheElboWithoutTheClosedForm) {
  const at::NoGradGuard no_grad;
  Model model(config_of(nn::Likelihood::bernoulli), small_images(), Noise(1));
  const Batch batch = images(1);
  // Over many draws the mean of log p(z) − log q(z|x) is the KL in closed form.
  Noise noise(3, Purpose::evaluation);
  const Tensor weights = model.log_weights(batch, 20000, noise).to(at::kDouble);
  const Batch many{.x = batch.x.expand({20000, 1, 4, 4})};
  Step step = step_at(0);
  const double elbo = -model.loss(many, step).total().item<double>();
  const double error = weights.std().item<double>() / std::sqrt(20000.0);
  EXPECT_NEAR(weights.mean().item<double>(), elbo, 6 * error);
}

TEST(Vae, LogWeightsOfABatchAreThoseOfItsParts) {
  const at::NoGradGuard no_grad;
  for (const auto likelihood : {nn::Likelihood::bernoulli, nn::Likelihood::gaussian}) {
    Model model(config_of(likelihood), small_images(), Noise(1));
    const Batch batch = images(7);
    Noise noise(3, Purpose::evaluation, 2, 10);
    const Tensor all = model.log_weights(batch, 5, noise);
    Noise first(3, Purpose::evaluation, 2, 10);
    Noise second(3, Purpose::evaluation, 2, 13);
    const Tensor parts = at::cat({model.log_weights({.x = batch.x.narrow(0, 0, 3)}, 5, first),
                                  model.log_weights({.x = batch.x.narrow(0, 3, 4)}, 5, second)},
                                 1);
    EXPECT_TRUE(all.allclose(parts, 1e-6, 1e-5));
  }
}

TEST(Vae, HasFiniteGradientsUnderEachLikelihood) {
  for (const auto likelihood :
       {nn::Likelihood::bernoulli, nn::Likelihood::gaussian, nn::Likelihood::discretised_logistic}) {
    for (const auto variance : {nn::Variance::fixed, nn::Variance::scalar, nn::Variance::per_pixel}) {
      Model model(config_of(likelihood, variance), small_images(), Noise(1));
      Step step = step_at(0);
      model.loss(images(6), step).total().backward();
      for (const auto& item : model.named_parameters()) {
        ASSERT_TRUE(item.value().grad().defined()) << item.key();
        EXPECT_TRUE(item.value().grad().isfinite().all().item<bool>()) << item.key();
      }
    }
  }
}

TEST(Vae, WeighsDifferentiably) {
  Model model(config_of(nn::Likelihood::bernoulli), small_images(), Noise(1));
  Noise noise(3);
  at::logsumexp(model.log_weights(images(6), 5, noise), 0).sum().backward();
  for (const auto& item : model.named_parameters())
    EXPECT_GT(item.value().grad().abs().sum().item<double>(), 0) << item.key();
}

TEST(Vae, StartsAtTheMeanOfItsData) {
  const at::NoGradGuard no_grad;
  Model model(config_of(nn::Likelihood::bernoulli), small_images(), Noise(1));
  for (auto& item : model.named_parameters())
    if (item.key().ends_with("weight")) item.value().zero_();
  EXPECT_TRUE(model.decode(at::zeros({2, 3})).allclose(at::full({2, 1, 4, 4}, 0.3F)));
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

  /// log p(x), [n]: a normal with covariance W Wᵀ + s² I.
  Tensor log_likelihood() const {
    const Tensor covariance = at::mm(w, w.t()) + s2 * at::eye(d, at::kDouble);
    const Tensor centred = x - mu;
    const Tensor squares = (at::mm(centred, covariance.inverse()) * centred).sum(1);
    return -0.5 * (d * std::log(2 * std::numbers::pi) + at::logdet(covariance).item<double>() + squares);
  }

  Model model() const {
    Config config;
    config.backbone.hidden = {};
    config.latent = k;
    config.observation = {.likelihood = nn::Likelihood::gaussian, .variance = nn::Variance::scalar};
    return Model(config, {.shape = {d}}, Noise(1));
  }

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
};

TEST(LinearGaussianVae, HasEqualWeightsThatAreTheLikelihoodWhenThePosteriorIsExact) {
  const at::NoGradGuard no_grad;
  const ProbabilisticPca pca;
  const auto model = std::make_shared<Model>(pca.model());
  pca.set(*model);
  Noise noise(4);
  const Tensor weights = model->log_weights({.x = pca.x.to(at::kFloat)}, 50, noise);
  EXPECT_LT((weights - pca.log_likelihood().to(at::kFloat)).abs().max().item<double>(), 2e-5);
  EXPECT_LT(weights.var(0).max().item<double>(), 1e-9);
}

TEST(LinearGaussianVae, HasTheLikelihoodAsElboWhenThePosteriorIsExact) {
  const at::NoGradGuard no_grad;
  const ProbabilisticPca pca;
  const auto model = std::make_shared<Model>(pca.model());
  pca.set(*model);
  // E_q of −log p(x|z) has the noise of one draw; over many copies of the data it settles.
  constexpr int64_t copies = 4000;
  Step step = step_at(0);
  const Loss loss = model->loss({.x = pca.x.to(at::kFloat).repeat({copies, 1})}, step);
  EXPECT_NEAR(-loss.total().item<double>(), pca.log_likelihood().mean().item<double>(), 0.02);
}

TEST(LinearGaussianVae, IsAtAMaximumOfTheElboThere) {
  // The gradient of the loss vanishes in the encoder's parameters, up to the noise of the draws.
  const ProbabilisticPca pca;
  const auto model = std::make_shared<Model>(pca.model());
  pca.set(*model);
  Step step = step_at(0);
  model->loss({.x = pca.x.to(at::kFloat).repeat({4000, 1})}, step).total().backward();
  auto parameters = model->named_parameters();
  EXPECT_LT(parameters["encoder.layer0.bias"].grad().abs().max().item<double>(), 0.1);
  EXPECT_LT(parameters["encoder.layer0.weight"].grad().abs().max().item<double>(), 0.25);
}

}  // namespace
}  // namespace isthmus::models::vae
