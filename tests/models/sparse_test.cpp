#include "isthmus/models/sparse.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "isthmus/core/error.hpp"

#include "tests/support/gradients.hpp"

namespace isthmus::models::sparse {
namespace {

Config small(double beta = 3) {
  Config config;
  config.network.backbone.hidden = {7};
  config.network.latent = 6;
  config.beta = beta;
  return config;
}

Batch images(int64_t count) {
  Noise noise(2, Purpose::evaluation);
  return {.x = noise.uniform({count, 1, 4, 4})};
}

Loss loss_of(Model& model, const Batch& batch) {
  Step step{0, Noise(1)};
  return model.loss(batch, step);
}

TEST(Sparse, ChargesEveryHiddenUnitForItsMean) {
  Model model(small(), {.shape = {1, 4, 4}}, Noise(1));
  const Batch batch = images(9);
  const Loss loss = loss_of(model, batch);
  auto p = model.named_parameters();
  const auto layer = [&](const Tensor& x, const std::string& name) {
    return at::sigmoid(at::linear(x, p[name + ".weight"], p[name + ".bias"]));
  };
  const Tensor first = layer(batch.x.flatten(1), "encoder.layer0");
  const Tensor code = layer(first, "encoder.layer1");
  const Tensor back = layer(code, "decoder.layer0");
  double divergence = 0;
  for (const Tensor& hidden : {first, code, back})
    for (int64_t unit = 0; unit < hidden.size(1); ++unit) {
      const double mean = hidden.select(1, unit).mean().item<double>();
      divergence += 0.05 * std::log(0.05 / mean) + 0.95 * std::log(0.95 / (1 - mean));
    }
  EXPECT_NEAR(loss.terms[2].second.item<double>(), divergence, 1e-4);
  EXPECT_NEAR(loss.total().item<double>(), loss.terms[1].second.item<double>() + 3 * divergence, 1e-3);
}

TEST(Sparse, DifferentiatesThroughTheMeans) {
  Model model(small(), {.shape = {1, 4, 4}}, Noise(1));
  model.to(at::kDouble);
  const Batch batch{.x = images(9).x.to(at::kDouble)};
  test::check_gradients_of([&] { return loss_of(model, batch).total(); }, model.parameters());
}

TEST(Sparse, HasNoPullAtItsShare) {
  Config config = small();
  config.network.backbone.hidden = {};
  config.rho = 0.5;
  Model model(config, {.shape = {1, 4, 4}}, Noise(1));
  const at::NoGradGuard no_grad;
  for (const auto& item : model.named_parameters()) item.value().zero_();  // every unit is at one half
  EXPECT_NEAR(loss_of(model, images(4)).terms[2].second.item<double>(), 0, 1e-6);
}

TEST(Sparse, IsFiniteForUnitsAtTheirEnds) {
  Config config = small();
  config.network.backbone.hidden = {};
  Model model(config, {.shape = {1, 4, 4}}, Noise(1));
  model.named_parameters()["encoder.layer0.bias"].data().fill_(-300);
  const Loss loss = loss_of(model, images(4));
  EXPECT_TRUE(std::isfinite(loss.total().item<double>()));
  loss.total().backward();
  for (const Tensor& parameter : model.parameters())
    EXPECT_TRUE(parameter.grad().isfinite().all().item<bool>());
}

TEST(Sparse, RevivesUnitsThatAreAllButOff) {
  Config config = small();
  config.network.backbone.hidden = {};
  Model model(config, {.shape = {1, 4, 4}}, Noise(1));
  model.named_parameters()["encoder.layer0.bias"].data().fill_(-25);
  loss_of(model, images(4)).total().backward();
  // d KL / d logit of a unit that is off is −rho, from however far.
  const Tensor gradient = model.named_parameters()["encoder.layer0.bias"].grad();
  EXPECT_TRUE(gradient.allclose(at::full_like(gradient, -3 * 0.05), 1e-3, 1e-6));
}

TEST(Sparse, WantsSigmoidUnits) {
  Config config = small();
  config.network.backbone.activation = nn::Activation::relu;
  EXPECT_THROW(Model(config, {.shape = {1, 4, 4}}, Noise(1)), UsageError);
}

TEST(Sparse, TakesAChannelForAUnitOfAConvolution) {
  Config config = small();
  config.network.backbone.kind = nn::Architecture::conv;
  config.network.backbone.channels = {3};
  Model model(config, {.shape = {1, 4, 4}}, Noise(1));
  const at::NoGradGuard no_grad;
  for (const auto& item : model.named_parameters()) item.value().zero_();  // every unit is at one half
  // 3 channels, 7 and 6 units up; 7 units and 3 channels down.
  const double each = 0.05 * std::log(0.05 / 0.5) + 0.95 * std::log(0.95 / 0.5);
  EXPECT_NEAR(loss_of(model, images(4)).terms[2].second.item<double>(), 26 * each, 1e-4);
}

}  // namespace
}  // namespace isthmus::models::sparse
