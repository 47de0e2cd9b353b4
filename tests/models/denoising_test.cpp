#include "isthmus/models/denoising.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "isthmus/core/error.hpp"

#include "tests/support/descend.hpp"

namespace isthmus::models::denoising {
namespace {

constexpr int64_t size = 5;
constexpr double level = 0.7;

/// N(mu, S) in `size` dimensions, and its best recovery from noise of variance s² = level²:
/// r*(x) = mu + S (S + s² I)⁻¹ (x − mu), with the error Σ l s² / (l + s²) over the eigenvalues l of S.
struct Gaussian {
  Tensor mean, factor, gain;
  double least_error;

  Gaussian() {
    Noise noise(3, Purpose::evaluation);
    mean = noise.normal({size});
    factor = noise.normal({size, size});
    const Tensor covariance = factor.mm(factor.t()).to(at::kDouble);
    const double s2 = level * level;
    gain = covariance.mm((covariance + s2 * at::eye(size, at::kDouble)).inverse()).to(at::kFloat);
    const Tensor l = at::linalg_eigvalsh(covariance);
    least_error = (l * s2 / (l + s2)).sum().item<double>();
  }

  Tensor draw(int64_t count, Noise& noise) const { return noise.normal({count, size}).mm(factor.t()) + mean; }
};

Config linear() {
  Config config;
  config.network.latent = size;
  config.code_activation = nn::Activation::identity;
  config.corruption = {.corruption = nn::CorruptionKind::gaussian, .level = level};
  return config;
}

Tensor loss_of(Model& model, const Tensor& x, int64_t index = 0) {
  Step step{index, Noise(1, Purpose::training, index)};
  return model.loss({.x = x}, step).total();
}

TEST(Denoising, HasTheErrorOfTheBestRecoveryOnGaussianData) {
  const Gaussian data;
  Model model(linear(), {.shape = {size}, .unit = false}, Noise(1));
  auto parameters = model.named_parameters();
  {
    const at::NoGradGuard no_grad;
    parameters["encoder.layer0.weight"].copy_(data.gain);
    parameters["encoder.layer0.bias"].copy_(data.mean - data.gain.mv(data.mean));
    parameters["decoder.layer0.weight"].copy_(at::eye(size));
    parameters["decoder.layer0.bias"].zero_();
  }
  Noise noise(5, Purpose::evaluation);
  std::vector<double> errors;
  for (int64_t i = 0; i < 40; ++i) errors.push_back(loss_of(model, data.draw(5000, noise), i).item<double>());
  const Tensor all = at::tensor(errors, at::kDouble);
  const double standard_error = all.std().item<double>() / std::sqrt(40.0);
  EXPECT_LT(standard_error, 0.01 * data.least_error);
  EXPECT_NEAR(all.mean().item<double>(), data.least_error, 4 * standard_error);
}

TEST(Denoising, LearnsTheBestRecoveryOfGaussianData) {
  const Gaussian data;
  Model model(linear(), {.shape = {size}, .unit = false, .mean = data.mean}, Noise(1));
  Noise noise(5, Purpose::evaluation);
  testing::descend(model, 3000, 2e-2, [&](int64_t i) { return loss_of(model, data.draw(500, noise), i); });
  const Tensor x = data.draw(1000, noise);
  const Tensor best = (x - data.mean).mm(data.gain.t()) + data.mean;
  const double off = (model.decode(model.encode(x)) - best).square().sum(1).mean().item<double>();
  EXPECT_LT(off, 0.01 * data.least_error) << "squared distance from r*(x)";
}

TEST(Denoising, AsksForTheCleanInput) {
  const Gaussian data;
  Noise noise(5);
  const Tensor x = data.draw(30, noise);
  Model model(linear(), {.shape = {size}, .unit = false}, Noise(1));
  Noise of_step(1, Purpose::training);
  const Tensor damaged = nn::corrupt(x, linear().corruption, of_step);
  const Tensor expected = (model.decode(model.encode(damaged)) - x).square().sum(1).mean();
  EXPECT_FLOAT_EQ(loss_of(model, x).item<float>(), expected.item<float>());
}

TEST(Denoising, DamagesNothingInUse) {
  Noise noise(5);
  const Tensor x = Gaussian().draw(30, noise);
  Model model(linear(), {.shape = {size}, .unit = false}, Noise(1));
  model.eval();
  const Tensor clean = (model.reconstruct({.x = x}, noise) - x).square().sum(1).mean();
  EXPECT_EQ(loss_of(model, x).item<double>(), clean.item<double>());
  model.train();
  EXPECT_NE(loss_of(model, x).item<double>(), clean.item<double>());
}

TEST(Denoising, EveryLayerRecoversItsOwnInput) {
  Noise noise(5);
  const Batch batch{.x = noise.uniform({20, 1, 4, 4})};
  Config config;
  config.network.backbone.hidden = {9};
  config.network.backbone.activation = nn::Activation::sigmoid;
  config.network.latent = 6;
  config.corruption.level = 0.5;
  Model model(config, {.shape = {1, 4, 4}}, Noise(1));
  const auto loss = [&] {
    Step step{0, Noise(1)};
    return model.layer_loss(1, batch, step).total().item<double>();
  };
  const double with_damage = loss();
  model.eval();
  const double without = loss();
  // By hand: the second layer's input is what the first makes of the undamaged x.
  auto p = model.named_parameters();
  const Tensor h =
      at::sigmoid(at::linear(batch.x.flatten(1), p["encoder.layer0.weight"], p["encoder.layer0.bias"]));
  const Tensor code = at::sigmoid(at::linear(h, p["encoder.layer1.weight"], p["encoder.layer1.bias"]));
  const Tensor back = at::sigmoid(at::linear(code, p["decoder.layer0.weight"], p["decoder.layer0.bias"]));
  EXPECT_NEAR(without, (back - h).square().sum(1).mean().item<double>(), 1e-5);
  EXPECT_NE(with_damage, without);
}

TEST(Denoising, RefusesAShareAboveOne) {
  Config config;
  config.corruption.level = 1.5;
  EXPECT_THROW(Model(config, {.shape = {size}}, Noise(1)), UsageError);
}

}  // namespace
}  // namespace isthmus::models::denoising
