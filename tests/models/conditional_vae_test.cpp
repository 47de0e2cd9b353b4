#include "isthmus/models/conditional_vae.hpp"

#include <cmath>
#include <numbers>

#include <gtest/gtest.h>

#include "isthmus/core/error.hpp"
#include "isthmus/models/vae.hpp"
#include "isthmus/ops/log_mean_exp.hpp"

#include "tests/support/gaussian_models.hpp"

namespace isthmus::models::conditional_vae {
namespace {

using testing::draw_images;
using testing::small_binary_images;
using testing::small_config;
using testing::training_step;

Config config_given(nn::Given given, int64_t quadrants = 1, Prior prior = Prior::learned) {
  auto config = small_config<Config>();
  config.condition = {.given = given, .quadrants = quadrants};
  config.prior = prior;
  return config;
}

DataSpec data_with(int64_t classes) {
  DataSpec data = small_binary_images();
  data.classes = classes;
  return data;
}

Batch labelled(int64_t count, int64_t classes) {
  Batch batch = draw_images(count);
  batch.labels = at::arange(count) % classes;
  return batch;
}

/// Copies the parameters of `from`; a weight with more inputs gets zeros for them, so that they do nothing.
void copy_parameters(const Model& model, const vae::Model& from) {
  const at::NoGradGuard no_grad;
  auto own = model.named_parameters();
  for (const auto& item : from.named_parameters()) {
    Tensor to = own[item.key()];
    to.zero_();
    const Tensor& value = item.value();
    (to.dim() == 2 ? to.narrow(1, 0, value.size(1)) : to).copy_(value);
  }
}

TEST(ConditionalVae, IsTheVaeWhereTheClassChangesNothingAndThePriorIsStandard) {
  Model model(config_given(nn::Given::label, 1, Prior::standard), data_with(3), Noise(1));
  vae::Model vae(small_config<vae::Config>(), data_with(3), Noise(2));
  copy_parameters(model, vae);
  const Batch batch = labelled(6, 3);
  Step step = training_step(3);
  Step same = training_step(3);
  const Loss ours = model.loss(batch, step);
  const Loss theirs = vae.loss(batch, same);
  for (size_t i = 0; i < theirs.terms.size(); ++i) {
    EXPECT_EQ(ours.terms[i].first, theirs.terms[i].first);
    EXPECT_NEAR(ours.terms[i].second.item<double>(), theirs.terms[i].second.item<double>(), 1e-5);
  }
  Noise noise(4);
  Noise again(4);
  EXPECT_TRUE(model.log_weights(batch, 5, noise).allclose(vae.log_weights(batch, 5, again), 1e-5, 1e-4));
}

// With all weights 0 every hidden pixel costs ln 2, and no given one anything.
TEST(ConditionalVae, CountsThePixelsThatAreNotGivenAlone) {
  for (const auto kind : {nn::Architecture::mlp, nn::Architecture::conv}) {
    for (const auto& [quadrants, hidden] : {std::pair{1, 48}, {2, 32}, {3, 16}}) {
      Config config = config_given(nn::Given::quadrants, quadrants);
      config.backbone.kind = kind;
      config.backbone.channels = {4};
      Model model(config, {.shape = {1, 8, 8}, .binary = true}, Noise(1));
      const at::NoGradGuard no_grad;
      for (Tensor& parameter : model.parameters()) parameter.zero_();
      Noise noise(2);
      const Batch batch{.x = noise.bernoulli(at::full({5, 1, 8, 8}, 0.3F))};
      const Tensor weights = model.log_weights(batch, 2, noise);
      EXPECT_TRUE(weights.allclose(at::full({2, 5}, -hidden * std::numbers::ln2, at::kFloat), 1e-5, 1e-4));
    }
  }
}

/// Linear networks and a Gaussian likelihood, so that x given y is a Gaussian in closed form: with z|y ~ N(m,
/// D) and x|z, y ~ N(U z + V y + b, s² I), x|y ~ N(U m + V y + b, U D Uᵀ + s² I).
class LinearConditional : public ::testing::Test {
 protected:
  static constexpr int64_t latent = 2;

  LinearConditional() {
    Config config = config_given(nn::Given::quadrants, 2);
    config.backbone.hidden = {};
    config.latent = latent;
    config.observation = {
        .likelihood = nn::Likelihood::gaussian, .variance = nn::Variance::scalar, .sigma = 0.7};
    model = std::make_shared<Model>(config, DataSpec{.shape = {1, 2, 4}}, Noise(1));
    Noise noise(3);
    const at::NoGradGuard no_grad;
    for (const auto& item : model->named_parameters())
      if (item.key() != "observation.log_variance")
        item.value().copy_(0.4 * noise.normal(item.value().sizes()));
    // A q wider than the posterior: under a narrow one the weights would have no variance.
    auto encoder = model->named_parameters();
    encoder["encoder.layer0.weight"].mul_(0.25);
    encoder["encoder.layer0.bias"].narrow(0, latent, latent).fill_(0.5);
    batch.x = noise.normal({6, 1, 2, 4});
  }

  /// log p(x|y), [batch], the left half of each image being y and the right half x.
  Tensor closed_form() const {
    const auto parameters = model->named_parameters();
    const auto in_double = [&](const char* name) { return parameters[name].to(at::kDouble); };
    const Tensor y = batch.x.slice(3, 0, 2).flatten(1).to(at::kDouble);
    const Tensor x = batch.x.slice(3, 2, 4).flatten(1).to(at::kDouble);
    const Tensor prior = y.mm(in_double("prior.layer0.weight").t()) + in_double("prior.layer0.bias");
    const Tensor decoder = in_double("decoder.layer0.weight");
    const Tensor u = decoder.narrow(1, 0, latent);
    const Tensor v = decoder.narrow(1, latent, 4);
    std::vector<Tensor> all;
    for (int64_t i = 0; i < batch.size(); ++i) {
      const Tensor m = prior[i].narrow(0, 0, latent);
      const Tensor d = prior[i].narrow(0, latent, latent).exp();
      const Tensor covariance = (u * d).mm(u.t()) + 0.49 * at::eye(4, at::kDouble);
      const Tensor centred = x[i] - (u.mv(m) + v.mv(y[i]) + in_double("decoder.layer0.bias"));
      all.push_back(-0.5 * (centred.dot(covariance.inverse().mv(centred)) + covariance.logdet() +
                            4 * std::log(2 * std::numbers::pi)));
    }
    return at::stack(all);
  }

  std::shared_ptr<Model> model;
  Batch batch;
};

TEST_F(LinearConditional, HasTheConditionalLikelihoodOfItsClosedForm) {
  const at::NoGradGuard no_grad;
  const Tensor truth = closed_form();
  constexpr int64_t draws = 100'000;
  Noise noise(5);
  for (const Tensor& log_weights :
       {model->log_weights(batch, draws, noise), model->prior_log_weights(batch, draws, noise)}) {
    const Tensor estimate = ops::log_mean_exp(log_weights.to(at::kDouble), 0);
    EXPECT_LT((estimate - truth).abs().max().item<double>(), 0.03) << estimate << truth;
    EXPECT_TRUE((log_weights.to(at::kDouble).mean(0) < truth).all().item<bool>()) << "an ELBO is a bound";
  }
}

TEST_F(LinearConditional, SamplesTheRestAroundItsMeanAndRepeatsWhatIsGiven) {
  const at::NoGradGuard no_grad;
  Noise noise(5);
  const Batch many{.x = batch.x.narrow(0, 0, 1).expand({20'000, 1, 2, 4})};
  const Tensor samples = model->sample_given(many, noise);
  EXPECT_TRUE(samples.slice(3, 0, 2).equal(many.x.slice(3, 0, 2)));
  const auto parameters = model->named_parameters();
  const Tensor y = batch.x[0].slice(2, 0, 2).flatten();
  const Tensor prior = parameters["prior.layer0.weight"].mv(y) + parameters["prior.layer0.bias"];
  const Tensor decoder = parameters["decoder.layer0.weight"];
  const Tensor u = decoder.narrow(1, 0, latent);
  const Tensor mean = u.mv(prior.narrow(0, 0, latent)) + decoder.narrow(1, latent, 4).mv(y) +
                      parameters["decoder.layer0.bias"];
  const Tensor variance = u.square().mv(prior.narrow(0, latent, latent).exp());
  const Tensor rest = samples.slice(3, 2, 4).flatten(1);
  EXPECT_LT(((rest.mean(0) - mean) / (variance / 20'000).sqrt()).abs().max().item<double>(), 4.5);
  EXPECT_TRUE(rest.var(0).allclose(variance, 0.06, 1e-6));
}

TEST(ConditionalVae, SamplesEachClassFromItsOwnRowOfNoise) {
  const at::NoGradGuard no_grad;
  Model model(config_given(nn::Given::label), data_with(3), Noise(1));
  Noise noise(1);
  Noise same(1);
  Noise tail(1, Purpose::training, 0, 2);
  const Batch given{.x = {}, .labels = at::tensor({0, 1, 2, 0}, at::kLong)};
  const Tensor samples = model.sample_given(given, noise);
  EXPECT_TRUE(samples.equal(model.sample_given(given, same)));
  EXPECT_EQ(samples.sizes(), (Shape{4, 1, 4, 4}));
  Noise other(1);
  const Tensor others = model.sample_given({.x = {}, .labels = at::tensor({1, 1, 2, 0}, at::kLong)}, other);
  EXPECT_FALSE(others[0].equal(samples[0])) << "another class";
  EXPECT_TRUE(others.narrow(0, 1, 3).equal(samples.narrow(0, 1, 3)));
}

TEST(ConditionalVae, ReconstructsTheRestAndRepeatsWhatIsGiven) {
  const at::NoGradGuard no_grad;
  Model model(config_given(nn::Given::quadrants, 3), small_binary_images(), Noise(1));
  const Batch batch = draw_images(4);
  Noise noise(1);
  const Tensor made = model.reconstruct(batch, noise);
  EXPECT_TRUE((made * model.given_part()).equal(batch.x * model.given_part()));
}

TEST(ConditionalVae, SendsItsLearnedPriorAGradientThroughTheKlAlone) {
  Model model(config_given(nn::Given::quadrants, 2), small_binary_images(), Noise(1));
  Step step = training_step(0);
  const Loss loss = model.loss(draw_images(6), step);
  testing::term(loss, "reconstruction").backward({}, /*retain_graph=*/true);
  EXPECT_FALSE(model.named_parameters()["prior.layer0.weight"].grad().defined());
  testing::term(loss, "kl").backward();
  EXPECT_TRUE(model.named_parameters()["prior.layer0.weight"].grad().defined());
}

TEST(ConditionalVae, RefusesGreyPixelsAsALikelihood) {
  DataSpec grey = data_with(3);
  grey.binary = false;
  EXPECT_TRUE(Model(config_given(nn::Given::label), grey, Noise(1)).no_likelihood().has_value());
  EXPECT_FALSE(Model(config_given(nn::Given::label), data_with(3), Noise(1)).no_likelihood().has_value());
}

}  // namespace
}  // namespace isthmus::models::conditional_vae
