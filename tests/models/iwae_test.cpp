#include "isthmus/models/iwae.hpp"

#include <cmath>
#include <numbers>

#include <gtest/gtest.h>

#include "isthmus/models/vae.hpp"

#include "tests/models/iwae.hpp"
#include "tests/support/errors.hpp"
#include "tests/support/gaussian_models.hpp"

namespace isthmus::models::iwae {
namespace {

using testing::draw_images;
using testing::loss_and_gradients;
using testing::ProbabilisticPca;
using testing::small_binary_images;
using testing::small_config;
using testing::term;
using testing::training_step;

TEST(Iwae, IsTheSampledElboOfTheVaeAtOneDraw) {
  const auto ours = build(one_layer(1));
  vae::Model vae(small_config<vae::Config>(), small_binary_images(), Noise(1));
  const Batch batch = draw_images(6);
  const auto iwae = loss_and_gradients(*ours, batch, training_step(3));
  Noise noise = training_step(3).noise;
  const Tensor elbo = vae.log_weights(batch, 1, noise).mean();
  EXPECT_FLOAT_EQ(static_cast<float>(iwae.loss), -elbo.item<float>());
  (-elbo).backward();
  for (const auto& [name, gradient] : iwae.gradients)
    EXPECT_TRUE(vae.named_parameters()[name].grad().allclose(gradient, 1e-5, 1e-7)) << name;
}

TEST(Iwae, HasTheLogOfTheMeanWeightAsLoss) {
  for (const Config& config : {one_layer(7), two_layers(7)}) {
    const auto model = build(config);
    const Batch batch = draw_images(6);
    Step step = training_step(3);
    const Loss loss = model->loss(batch, step);
    Noise noise = training_step(3).noise;
    const Tensor weights = model->log_weights(batch, 7, noise).to(at::kDouble);  // [k, batch]
    const Tensor by_hand = at::log(at::exp(weights).mean(0)).mean();
    EXPECT_NEAR(loss.total().item<double>(), -by_hand.item<double>(), 1e-5);
    EXPECT_NEAR(term(loss, "elbo").item<double>(), weights.mean().item<double>(), 1e-5);
    // Peers average the log-weights (the ELBO), or take the log-mean-exp over the batch.
    EXPECT_LT(term(loss, "elbo").item<double>(), -loss.total().item<double>() - 1e-3);
  }
}

// A peer weighs the draws by a softmax over the losses, which favours the worst; each weight is w_j / Σ w.
TEST(Iwae, WeighsTheGradientOfADrawByItsShareOfTheWeights) {
  const auto model = build(one_layer(4));
  const Batch batch = draw_images(1);
  const auto ours = loss_and_gradients(*model, batch, training_step(3));
  Noise noise = training_step(3).noise;
  model->zero_grad();
  const Tensor weights = model->log_weights(batch, 4, noise).select(1, 0);
  const Tensor w = at::exp(weights.detach().to(at::kDouble));
  const Tensor share = (w / w.sum()).to(at::kFloat);
  (-(share * weights).sum()).backward();
  for (const auto& [name, gradient] : ours.gradients)
    EXPECT_TRUE(model->named_parameters()[name].grad().allclose(gradient, 1e-3, 1e-5)) << name;
}

TEST(Iwae, TwoLayersWeighAsTheirDensitiesSay) {
  const at::NoGradGuard no_grad;
  const auto model = build(two_layers(1));
  const Batch batch = draw_images(5);
  constexpr int64_t k = 3;
  Noise noise(3, Purpose::evaluation);
  const Tensor weights = model->log_weights(batch, k, noise);

  // The same draws by hand, the networks by their weights.
  const auto parameters = model->named_parameters();
  const auto mlp = [&](const std::string& name, Tensor h) {
    h = at::tanh(h.matmul(parameters[name + ".layer0.weight"].t()) + parameters[name + ".layer0.bias"]);
    const Tensor out = h.matmul(parameters[name + ".layer1.weight"].t()) + parameters[name + ".layer1.bias"];
    return std::pair{out.narrow(-1, 0, out.size(-1) / 2), out.narrow(-1, out.size(-1) / 2, out.size(-1) / 2)};
  };
  const auto log_normal = [](const Tensor& x, const Tensor& m, const Tensor& log_v) {
    return (-0.5 * (x - m).square() / at::exp(log_v) - 0.5 * log_v - 0.5 * std::log(2 * std::numbers::pi))
        .sum(-1);
  };
  Noise same(3, Purpose::evaluation);
  const auto [mean, log_variance] = model->posterior(batch.x);
  const Tensor m1 = mean.unsqueeze(1);
  const Tensor v1 = log_variance.unsqueeze(1);
  const Tensor z1 = m1 + at::exp(v1 / 2) * same.normal({5, k, 4});
  const auto [m2, v2] = mlp("upper1.up", z1);
  const Tensor z2 = m2 + at::exp(v2 / 2) * same.normal({5, k, 2});
  const auto [prior_m, prior_v] = mlp("upper1.down", z2);
  const Tensor p = model->decode(z1.flatten(0, 1)).view({5, k, 16});
  const Tensor x = batch.x.view({5, 1, 16});
  const Tensor log_p_x = at::log(x * p + (1 - x) * (1 - p)).sum(-1);
  const Tensor by_hand = log_p_x + log_normal(z1, prior_m, prior_v) +
                         log_normal(z2, at::zeros({2}), at::zeros({2})) - log_normal(z1, m1, v1) -
                         log_normal(z2, m2, v2);
  EXPECT_TRUE(weights.allclose(by_hand.t(), 1e-5, 1e-4));
}

TEST(Iwae, TwoLayersHaveARateAndADistortion) {
  const at::NoGradGuard no_grad;
  const auto model = build(two_layers(1));
  const Batch batch = draw_images(5);
  Noise noise(3, Purpose::evaluation);
  Noise same(3, Purpose::evaluation);
  const Tensor weights = model->log_weights(batch, 4, noise);
  const auto [rate, distortion] = model->rate_distortion(batch, 4, same);
  EXPECT_TRUE((-(rate + distortion)).allclose(weights, 1e-5, 1e-4));
  // The split by hand: what the first layer leaves of x.
  Noise once_more(3, Purpose::evaluation);
  const auto [mean, log_variance] = model->posterior(batch.x);
  const Tensor z = mean.unsqueeze(1) + at::exp(log_variance / 2).unsqueeze(1) * once_more.normal({5, 4, 4});
  const Tensor p = model->decode(z.flatten(0, 1)).view({5, 4, 16});
  const Tensor x = batch.x.view({5, 1, 16});
  EXPECT_TRUE(distortion.allclose(-at::log(x * p + (1 - x) * (1 - p)).sum(-1).t(), 1e-5, 1e-4));
}

/// log (1/k) Σ_j w_j of each image, and its standard error by the delta method: [batch] each.
std::pair<Tensor, Tensor> estimate(const Tensor& log_weights) {
  const Tensor all = log_weights.to(at::kDouble);
  const auto k = static_cast<double>(all.size(0));
  const Tensor largest = at::amax(all, {0});
  const Tensor w = at::exp(all - largest);
  return {largest + at::log(w.mean(0)), w.std(0) / w.mean(0) / std::sqrt(k)};
}

// Both estimate log p(x), and only p(x, z1, z2) is common to them: a density too many or too few shows.
TEST(Iwae, TwoLayersHaveOneLikelihoodByThePosteriorAndByThePrior) {
  const at::NoGradGuard no_grad;
  const auto model = build(two_layers(1));
  // q wider than what it stands for: no weight is very large, so the standard errors can be believed.
  auto parameters = model->named_parameters();
  parameters["encoder.layer2.bias"].narrow(0, 4, 4).add_(1);
  parameters["upper1.up.layer1.bias"].narrow(0, 2, 2).add_(1);
  const Batch batch = draw_images(3);
  constexpr int64_t k = 20'000;
  Noise noise(3, Purpose::evaluation);
  Noise other(4, Purpose::evaluation);
  const auto [posterior, error] = estimate(model->log_weights(batch, k, noise));
  const auto [prior, error_of_prior] = estimate(model->prior_log_weights(batch, k, other));
  const Tensor both = (error.square() + error_of_prior.square()).sqrt();
  EXPECT_LT(((posterior - prior).abs() / both).max().item<double>(), 4);
  EXPECT_LT(both.max().item<double>(), 0.1);
}

TEST(Iwae, HasTheLikelihoodAsBoundAndEqualWeightsWhenThePosteriorIsExact) {
  const at::NoGradGuard no_grad;
  const ProbabilisticPca pca;
  for (const auto gradient : {Gradient::standard, Gradient::doubly_reparameterised})
    for (const int64_t k : {1, 5, 50}) {
      const auto model = linear(k, gradient);
      Step step = training_step(0);
      const Loss loss = model->loss({.x = pca.x.to(at::kFloat)}, step);
      EXPECT_NEAR(loss.total().item<double>(), -pca.log_likelihood().mean().item<double>(), 2e-5);
      EXPECT_NEAR(term(loss, "elbo").item<double>(), pca.log_likelihood().mean().item<double>(), 2e-5);
    }
}

TEST(Iwae, RisesTowardsTheLikelihoodInK) {
  const at::NoGradGuard no_grad;
  const ProbabilisticPca pca;
  const Batch many{.x = pca.x.to(at::kFloat).repeat({500, 1})};
  double before = -1e9;
  for (const int64_t k : {1, 2, 5, 20, 100}) {
    const auto model = linear(k);
    ProbabilisticPca::move_posterior(*model, 0.2, 0.3);
    Step step = training_step(0);
    const double bound = -model->loss(many, step).total().item<double>();
    EXPECT_GT(bound, before) << k;
    before = bound;
  }
  EXPECT_NEAR(before, pca.log_likelihood().mean().item<double>(), 0.01);
}

TEST(Iwae, SamplesTheUpperLayerFirst) {
  const at::NoGradGuard no_grad;
  const auto model = build(two_layers(1));
  auto parameters = model->named_parameters();
  // p(z1|z2) of mean 3 and no variance to speak of, whatever z2 is.
  parameters["upper1.down.layer1.weight"].zero_();
  parameters["upper1.down.layer1.bias"].copy_(at::cat({at::full({4}, 3.0F), at::full({4}, -30.0F)}));
  Noise noise(1, Purpose::picture);
  EXPECT_TRUE(model->sample(3, noise).allclose(model->decode(at::full({3, 4}, 3.0F)), 1e-4, 1e-5));
  EXPECT_FALSE(model->has_standard_prior());
  EXPECT_TRUE(build(one_layer(1))->has_standard_prior());
}

TEST(Iwae, RefusesLayersThatItDoesNotHave) {
  Config config = one_layer(1);
  config.latent = {};
  test::expect_error("one or two stochastic layers", [&] { build(config); });
  config.latent = {5, 4, 3};
  test::expect_error("3 numbers in latent", [&] { build(config); });
  config.latent = {5};
  config.between = {8};
  test::expect_error("without --between", [&] { build(config); });
}

}  // namespace
}  // namespace isthmus::models::iwae
