#include "isthmus/models/contractive.hpp"

#include <cmath>

#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "isthmus/models/autoencoder.hpp"

#include "tests/support/gradients.hpp"

namespace isthmus::models::contractive {
namespace {

Config small(std::vector<int64_t> hidden = {}) {
  Config config;
  config.network.backbone.hidden = std::move(hidden);
  config.network.latent = 7;
  config.lambda = 0.3;
  return config;
}

Batch images(int64_t count) {
  Noise noise(2, Purpose::evaluation);
  return {.x = noise.uniform({count, 1, 4, 4})};
}

const Tensor& term(const Loss& loss, std::string_view name) {
  for (const auto& [own, value] : loss.terms)
    if (own == name) return value;
  throw std::out_of_range(std::string(name));
}

Loss loss_of(isthmus::Model& model, const Batch& batch, int64_t index = 0) {
  Step step{index, Noise(1, Purpose::training, index)};
  return model.loss(batch, step);
}

/// Mean over the examples of ‖J‖²_F, J from autograd one output of one example at a time.
double full_jacobian(Model& model, const Batch& batch) {
  double sum = 0;
  for (int64_t example = 0; example < batch.size(); ++example)
    for (int64_t unit = 0; unit < model.code_size(); ++unit) {
      const Tensor x = batch.x.narrow(0, example, 1).clone().set_requires_grad(true);
      const Tensor row = torch::autograd::grad({model.encode(x)[0][unit]}, {x})[0];
      sum += row.to(at::kDouble).square().sum().item<double>();
    }
  return sum / static_cast<double>(batch.size());
}

TEST(Contractive, PenaltyOfOneLayerIsThatOfAutogradsJacobian) {
  for (const auto activation : {nn::Activation::sigmoid, nn::Activation::tanh, nn::Activation::softplus}) {
    Config config = small();
    config.code_activation = activation;
    Model model(config, {.shape = {1, 4, 4}}, Noise(1));
    const Batch batch = images(5);
    const double expected = full_jacobian(model, batch);
    EXPECT_NEAR(term(loss_of(model, batch), "penalty").item<double>(), expected, 1e-5 * expected);
  }
}

TEST(Contractive, PenaltyOfOneSigmoidLayerIsTheClosedForm) {
  Model model(small(), {.shape = {1, 4, 4}}, Noise(1));
  const Batch batch = images(5);
  const Tensor h = model.encode(batch.x);
  const Tensor w = model.named_parameters()["encoder.layer0.weight"];
  double sum = 0;
  for (int64_t n = 0; n < 5; ++n)
    for (int64_t j = 0; j < 7; ++j) {
      const double hj = h[n][j].item<double>();
      sum += std::pow(hj * (1 - hj), 2) * w[j].to(at::kDouble).square().sum().item<double>();
    }
  EXPECT_NEAR(term(loss_of(model, batch), "penalty").item<double>(), sum / 5, 1e-5 * sum / 5);
}

TEST(Contractive, PenaltyOfDeepEncodersIsThatOfAutogradsJacobian) {
  for (const auto kind : {nn::Architecture::mlp, nn::Architecture::conv}) {
    Config config = small({9});
    config.network.backbone.kind = kind;
    config.network.backbone.channels = {3};
    config.network.backbone.tied = kind == nn::Architecture::mlp;
    Model model(config, {.shape = {1, 4, 4}}, Noise(1));
    const Batch batch = images(5);
    const double expected = full_jacobian(model, batch);
    EXPECT_NEAR(term(loss_of(model, batch), "penalty").item<double>(), expected, 1e-5 * expected);

    config.jacobian = Jacobian::hutchinson;
    Model estimating(config, {.shape = {1, 4, 4}}, Noise(1));
    std::vector<double> estimates;
    for (int64_t i = 0; i < 400; ++i)
      estimates.push_back(term(loss_of(estimating, batch, i), "penalty").item<double>());
    const Tensor all = at::tensor(estimates, at::kDouble);
    EXPECT_NEAR(all.mean().item<double>(), expected, 4 * all.std().item<double>() / 20);
    EXPECT_GT(all.std().item<double>(), 0);
  }
}

TEST(Contractive, LearnsFromItsPenalty) {
  for (const auto& hidden : {std::vector<int64_t>{}, std::vector<int64_t>{9}}) {
    Model model(small(hidden), {.shape = {1, 4, 4}}, Noise(1));
    model.to(at::kDouble);
    const Batch batch{.x = images(5).x.to(at::kDouble)};
    test::check_gradients_of([&] { return loss_of(model, batch).total(); }, model.parameters());
  }
}

TEST(Contractive, WithoutItsPenaltyIsThePlainAutoencoder) {
  Config config = small();
  config.lambda = 0.0;
  Model model(config, {.shape = {1, 4, 4}}, Noise(1));
  autoencoder::Config plain_config;
  plain_config.network = config.network;
  plain_config.code_activation = config.code_activation;
  autoencoder::Model plain(plain_config, {.shape = {1, 4, 4}}, Noise(1));
  const Batch batch = images(5);
  const Tensor loss = loss_of(model, batch).total();
  const Tensor plain_loss = loss_of(plain, batch).total();
  EXPECT_EQ(loss.item<double>(), plain_loss.item<double>());
  loss.backward();
  plain_loss.backward();
  for (const auto& item : plain.named_parameters())
    EXPECT_TRUE(item.value().grad().equal(model.named_parameters()[item.key()].grad())) << item.key();
}

}  // namespace
}  // namespace isthmus::models::contractive
