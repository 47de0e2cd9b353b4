#include "isthmus/models/vae.hpp"

#include <cmath>
#include <numbers>

#include <gtest/gtest.h>

#include "tests/support/gaussian_models.hpp"
#include "tests/support/more.hpp"

namespace isthmus::models::vae {
namespace {

using testing::draw_images;
using testing::ProbabilisticPca;
using testing::small_binary_images;
using testing::term;
using testing::training_step;

Config config_of(nn::Likelihood likelihood, nn::Variance variance = nn::Variance::scalar) {
  return testing::small_config<Config>(likelihood, variance);
}

TEST(Vae, LossIsMinusTheElboOfItsParts) {
  Model model(config_of(nn::Likelihood::bernoulli), small_binary_images(), Noise(1));
  const Batch batch = draw_images(6);
  Step step = training_step(4);
  const Loss loss = model.loss(batch, step);

  // The same by hand, in float64 and with other formulas: z from the same noise, the likelihood as a product
  // of probabilities, the KL as the textbook writes it.
  const auto [mean, log_variance] = model.posterior(batch.x);
  const Tensor z = mean + at::exp(log_variance / 2) * training_step(4).noise.normal({6, 3});
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
  Model model(config_of(nn::Likelihood::bernoulli), small_binary_images(), Noise(1));
  const Batch batch = draw_images(5);
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
  Model model(config_of(nn::Likelihood::bernoulli), small_binary_images(), Noise(1));
  const Batch batch = draw_images(1);
  // Over many draws the mean of log p(z) − log q(z|x) is the KL in closed form.
  Noise noise(3, Purpose::evaluation);
  const Tensor weights = model.log_weights(batch, 20000, noise).to(at::kDouble);
  const Batch many{.x = batch.x.expand({20000, 1, 4, 4})};
  Step step = training_step(0);
  const double elbo = -model.loss(many, step).total().item<double>();
  const double error = weights.std().item<double>() / std::sqrt(20000.0);
  EXPECT_NEAR(weights.mean().item<double>(), elbo, 6 * error);
}

TEST(Vae, LogWeightsOfABatchAreThoseOfItsParts) {
  const at::NoGradGuard no_grad;
  for (const auto likelihood : {nn::Likelihood::bernoulli, nn::Likelihood::gaussian}) {
    Model model(config_of(likelihood), small_binary_images(), Noise(1));
    const Batch batch = draw_images(7);
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
      Model model(config_of(likelihood, variance), small_binary_images(), Noise(1));
      Step step = training_step(0);
      model.loss(draw_images(6), step).total().backward();
      for (const auto& item : model.named_parameters()) {
        ASSERT_TRUE(item.value().grad().defined()) << item.key();
        EXPECT_TRUE(item.value().grad().isfinite().all().item<bool>()) << item.key();
      }
    }
  }
}

TEST(Vae, WeighsDifferentiably) {
  Model model(config_of(nn::Likelihood::bernoulli), small_binary_images(), Noise(1));
  Noise noise(3);
  at::logsumexp(model.log_weights(draw_images(6), 5, noise), 0).sum().backward();
  for (const auto& item : model.named_parameters())
    EXPECT_GT(item.value().grad().abs().sum().item<double>(), 0) << item.key();
}

TEST(Vae, StartsAtTheMeanOfItsData) {
  const at::NoGradGuard no_grad;
  Model model(config_of(nn::Likelihood::bernoulli), small_binary_images(), Noise(1));
  for (auto& item : model.named_parameters())
    if (item.key().ends_with("weight")) item.value().zero_();
  EXPECT_TRUE(model.decode(at::zeros({2, 3})).allclose(at::full({2, 1, 4, 4}, 0.3F)));
}

TEST(LinearGaussianVae, HasEqualWeightsThatAreTheLikelihoodWhenThePosteriorIsExact) {
  const at::NoGradGuard no_grad;
  const ProbabilisticPca pca;
  const auto model = pca.build<Model, Config>();
  Noise noise(4);
  const Tensor weights = model->log_weights({.x = pca.x.to(at::kFloat)}, 50, noise);
  EXPECT_LT((weights - pca.log_likelihood().to(at::kFloat)).abs().max().item<double>(), 2e-5);
  EXPECT_LT(weights.var(0).max().item<double>(), 1e-9);
}

TEST(LinearGaussianVae, HasTheLikelihoodAsElboWhenThePosteriorIsExact) {
  const at::NoGradGuard no_grad;
  const ProbabilisticPca pca;
  const auto model = pca.build<Model, Config>();
  // E_q of −log p(x|z) has the noise of one draw; over many copies of the data it settles.
  constexpr int64_t copies = 4000;
  Step step = training_step(0);
  const Loss loss = model->loss({.x = pca.x.to(at::kFloat).repeat({copies, 1})}, step);
  EXPECT_NEAR(-loss.total().item<double>(), pca.log_likelihood().mean().item<double>(), 0.02);
}

TEST(LinearGaussianVae, IsAtAMaximumOfTheElboThere) {
  // The gradient of the loss vanishes in the encoder's parameters, up to the noise of the draws.
  const ProbabilisticPca pca;
  const auto model = pca.build<Model, Config>();
  Step step = training_step(0);
  model->loss({.x = pca.x.to(at::kFloat).repeat({4000, 1})}, step).total().backward();
  auto parameters = model->named_parameters();
  EXPECT_LT(parameters["encoder.layer0.bias"].grad().abs().max().item<double>(), 0.1);
  EXPECT_LT(parameters["encoder.layer0.weight"].grad().abs().max().item<double>(), 0.25);
}

TEST(LinearGaussianVae, SaysItsLikelihoodInClosedFormWhateverItsPosterior) {
  const ProbabilisticPca pca;
  const auto model = pca.build<Model, Config>();
  ProbabilisticPca::move_posterior(*model, 3, 1);
  ASSERT_EQ(model->no_exact_likelihood(), std::nullopt);
  const Tensor points = pca.x.to(at::kFloat);
  const Tensor exact = static_cast<ExactLikelihood&>(*model).log_likelihood({.x = points});
  EXPECT_TRUE(exact.allclose(pca.log_likelihood(points), 1e-6, 1e-5));
  EXPECT_FALSE(exact.requires_grad());
}

TEST(LinearGaussianVae, SaysWhyThereIsNoClosedForm) {
  const DataSpec data{.shape = {5}};
  Config config;
  config.latent = 2;
  config.observation = {.likelihood = nn::Likelihood::gaussian};
  config.backbone.hidden = {4};
  const std::optional<std::string> hidden = Model(config, data, Noise(1)).no_exact_likelihood();
  EXPECT_TRUE(testing::says(hidden, {"closed form", "--backbone.hidden", "use `nll`"}));
  config.backbone.hidden = {};
  EXPECT_EQ(Model(config, data, Noise(1)).no_exact_likelihood(), std::nullopt);
  config.observation.variance = nn::Variance::per_pixel;
  Model per_pixel(config, data, Noise(1));
  EXPECT_TRUE(per_pixel.no_exact_likelihood());
  EXPECT_THROW(static_cast<ExactLikelihood&>(per_pixel).log_likelihood({.x = at::zeros({1, 5})}), UsageError);
  config.observation = {.likelihood = nn::Likelihood::bernoulli};
  EXPECT_TRUE(Model(config, data, Noise(1)).no_exact_likelihood());
}

TEST(Vae, RateAndDistortionAreTheTwoPartsOfTheLogWeights) {
  const at::NoGradGuard no_grad;
  Model model(config_of(nn::Likelihood::bernoulli), small_binary_images(), Noise(1));
  Noise noise(3);
  Noise same(3);
  const auto [rate, distortion] = model.rate_distortion(draw_images(5), 4, noise);
  EXPECT_TRUE((-rate - distortion).allclose(model.log_weights(draw_images(5), 4, same), 1e-5, 1e-5));
}

TEST(Vae, WeighsUnderItsOwnPosteriorAsItDoesItself) {
  const at::NoGradGuard no_grad;
  Model model(config_of(nn::Likelihood::bernoulli), small_binary_images(), Noise(1));
  const Batch batch = draw_images(5);
  Noise noise(3);
  Noise same(3);
  EXPECT_TRUE(model.log_weights_under(model.posterior_parameters(batch), batch, 4, noise)
                  .allclose(model.log_weights(batch, 4, same), 1e-6, 1e-4));
}

// Under a q that is the prior, log p(z) − log q(z) is 0 and the log-weights are log p(x|z): the prior's own.
TEST(Vae, WeighsDrawsOfThePriorByTheLikelihoodAlone) {
  const at::NoGradGuard no_grad;
  Model model(config_of(nn::Likelihood::bernoulli), small_binary_images(), Noise(1));
  const Batch batch = draw_images(5);
  Noise noise(3);
  Noise same(3);
  const Tensor prior = model.prior_log_weights(batch, 4, noise);
  const std::vector<Tensor> standard{at::zeros({5, 3}), at::zeros({5, 3})};
  EXPECT_TRUE(prior.allclose(model.log_weights_under(standard, batch, 4, same), 1e-5, 1e-5));
}

}  // namespace
}  // namespace isthmus::models::vae
