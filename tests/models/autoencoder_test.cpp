#include "isthmus/models/autoencoder.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "isthmus/core/error.hpp"
#include "isthmus/ops/principal_components.hpp"

#include "tests/support/descend.hpp"

namespace isthmus::models::autoencoder {
namespace {

constexpr int64_t size = 12;

/// Points around a mean, their spread falling from axis to axis, then turned.
Tensor cloud(int64_t count) {
  Noise noise(3, Purpose::evaluation);
  const Tensor spread = at::exp(-0.4 * at::arange(size, at::kFloat));
  const Tensor turn = std::get<0>(at::linalg_qr(noise.normal({size, size})));
  return (noise.normal({count, size}) * spread).mm(turn) + noise.normal({1, size});
}

DataSpec spec_of(const Tensor& x) {
  return {.shape = {size}, .unit = false, .mean = x.mean(0)};
}

Config linear(int64_t latent) {
  Config config;
  config.network.backbone.hidden = {};
  config.network.latent = latent;
  return config;
}

Tensor loss_of(Model& model, const Tensor& x) {
  Step step{0, Noise(1)};
  return model.loss({.x = x}, step).total();
}

/// Mean squared distance of the points to the plane of their k principal components.
double residual_of(const Tensor& x, int64_t k) {
  const auto found = ops::principal_components(x, k);
  const auto n = static_cast<double>(x.size(0));
  return (found.total - found.variances.sum().item<double>()) * (n - 1) / n;
}

TEST(Autoencoder, LinearOneAtThePrincipalComponentsHasTheirErrorAndNoGradient) {
  const Tensor x = cloud(400);
  for (const int64_t k : {1, 3, 8}) {
    Model model(linear(k), spec_of(x), Noise(1));
    const auto found = ops::principal_components(x, k);
    auto parameters = model.named_parameters();
    {
      const at::NoGradGuard no_grad;
      parameters["encoder.layer0.weight"].copy_(found.directions);
      parameters["encoder.layer0.bias"].copy_(-found.directions.mv(found.mean));
      parameters["decoder.layer0.weight"].copy_(found.directions.t());
      parameters["decoder.layer0.bias"].copy_(found.mean);
    }
    const Tensor loss = loss_of(model, x);
    EXPECT_NEAR(loss.item<double>(), residual_of(x, k), 1e-5) << k;
    loss.backward();
    for (const auto& item : model.named_parameters())
      EXPECT_LT(item.value().grad().abs().max().item<double>(), 1e-5) << item.key();
  }
}

TEST(Autoencoder, LinearOneLearnsThePrincipalComponents) {
  const Tensor x = cloud(400);
  for (const bool tied : {false, true}) {
    Config config = linear(3);
    config.network.backbone.tied = tied;
    Model model(config, spec_of(x), Noise(1));
    testing::descend(model, 5000, 5e-2, [&](int64_t) { return loss_of(model, x); });
    const double best = residual_of(x, 3);
    const double reached = loss_of(model, x).item<double>();
    EXPECT_GE(reached, best - 1e-5) << "no linear code of three numbers does better";
    EXPECT_LE(reached, 1.005 * best);
  }
}

TEST(Autoencoder, LossIsASumOverElementsAndAMeanOverExamples) {
  const Tensor x = cloud(5);
  Model model(linear(2), spec_of(x), Noise(1));
  Noise noise(1);
  double sum = 0;
  const Tensor difference = (model.reconstruct({.x = x}, noise) - x).detach();
  for (int64_t i = 0; i < 5; ++i)
    for (int64_t j = 0; j < size; ++j) sum += std::pow(difference[i][j].item<double>(), 2);
  EXPECT_NEAR(loss_of(model, x).item<double>(), sum / 5, 1e-5);
}

TEST(Autoencoder, CrossEntropyIsThatOfTheReconstructedImage) {
  Noise noise(4);
  const Tensor x = noise.uniform({6, 1, 4, 4});
  Config config;
  config.network.backbone.hidden = {9};
  config.network.loss = nn::ReconstructionLoss::cross_entropy;
  Model model(config, {.shape = {1, 4, 4}, .mean = x.mean(0)}, Noise(1));
  const Tensor y = model.reconstruct({.x = x}, noise).to(at::kDouble);
  const Tensor expected = -(x * at::log(y) + (1 - x) * at::log(1 - y)).flatten(1).sum(1).mean();
  EXPECT_NEAR(loss_of(model, x).item<double>(), expected.item<double>(), 1e-5);
}

TEST(Autoencoder, StartsAtTheMeanOfTheData) {
  const Tensor x = cloud(50);
  Model model(linear(2), spec_of(x), Noise(1));
  EXPECT_TRUE(model.decode(at::zeros({1, 2}))[0].allclose(x.mean(0)));
}

TEST(Autoencoder, RefusesToSquashWhatIsNotFromZeroToOne) {
  Config config = linear(2);
  for (const auto loss :
       {nn::ReconstructionLoss::cross_entropy, nn::ReconstructionLoss::sigmoid_squared_error}) {
    config.network.loss = loss;
    EXPECT_THROW(Model(config, spec_of(cloud(5)), Noise(1)), UsageError);
  }
}

TEST(Autoencoder, LayersLearnAloneFromTheDataUp) {
  Noise noise(4);
  const Batch batch{.x = noise.uniform({6, 1, 4, 4})};
  for (const bool tied : {false, true}) {
    Config config;
    config.network.backbone.hidden = {9, 7};
    config.network.backbone.tied = tied;
    Model model(config, {.shape = {1, 4, 4}}, Noise(1));
    ASSERT_EQ(model.layers(), 3);
    for (int64_t layer = 0; layer < 3; ++layer) {
      model.zero_grad();
      Step step{0, Noise(1)};
      model.layer_loss(layer, batch, step).total().backward();
      const std::string up = "encoder.layer" + std::to_string(layer) + ".";
      const std::string down = "decoder.layer" + std::to_string(2 - layer);
      for (const auto& item : model.named_parameters()) {
        const bool own = item.key().starts_with(up) || item.key().starts_with(down);
        const Tensor& gradient = item.value().grad();
        const bool learns = gradient.defined() && gradient.abs().sum().item<double>() > 0;
        EXPECT_EQ(learns, own) << item.key() << " at layer " << layer;
      }
    }
  }
}

}  // namespace
}  // namespace isthmus::models::autoencoder
