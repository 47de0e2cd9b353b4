#include "isthmus/nn/autoencoder.hpp"

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace isthmus::nn {
namespace {

using ::testing::UnorderedElementsAre;

/// What the models share, and the plainest of losses.
class Plain final : public Autoencoder {
 public:
  Plain(const AutoencoderConfig& config, const Shape& shape, Activation code = Activation::identity)
      : Autoencoder(config, {.shape = shape}, Noise(1), code) {}
  Loss loss(const Batch& batch, Step&) override {
    return {{{"loss", error(encode(batch.x), batch.x).mean()}}};
  }
};

AutoencoderConfig layers(const std::vector<int64_t>& hidden, int64_t latent, bool tied = false) {
  return {.backbone = {.hidden = hidden, .activation = Activation::tanh, .tied = tied}, .latent = latent};
}

AutoencoderConfig convolutions() {
  return {.backbone = {.kind = Architecture::conv,
                       .hidden = {6},
                       .channels = {3, 4},
                       .activation = Activation::tanh},
          .latent = 5};
}

void set(const Tensor& parameter, const std::vector<double>& values) {
  const at::NoGradGuard no_grad;
  parameter.copy_(at::tensor(values, at::kDouble).view(parameter.sizes()));
}

std::vector<std::string> names_of(const Plain& model) {
  std::vector<std::string> names;
  for (const auto& item : model.named_parameters()) names.push_back(item.key());
  return names;
}

TEST(NnAutoencoder, FiltersAreTheWeightsOfTheFirstLayerInTheShapeOfTheImage) {
  Plain model(layers({5}, 4), {2, 2, 3});
  const Tensor weight = model.named_parameters()["encoder.layer0.weight"];  // [5, 12]
  const Tensor filters = model.filters();
  ASSERT_EQ(filters.sizes(), (Shape{5, 2, 2, 3}));
  EXPECT_FALSE(filters.requires_grad());
  for (int64_t unit = 0; unit < 5; ++unit)
    for (int64_t channel = 0; channel < 2; ++channel)
      for (int64_t row = 0; row < 2; ++row)
        for (int64_t column = 0; column < 3; ++column)
          EXPECT_EQ(filters[unit][channel][row][column].item<float>(),
                    weight[unit][6 * channel + 3 * row + column].item<float>());

  Plain of_points(layers({}, 4), {7});
  EXPECT_TRUE(of_points.filters().equal(
      of_points.named_parameters()["encoder.layer0.weight"].detach().view({4, 1, 1, 7})));

  Plain of_convolutions(convolutions(), {1, 8, 8});
  EXPECT_TRUE(of_convolutions.filters().equal(
      of_convolutions.named_parameters()["encoder.convolution0.weight"].detach()));
}

TEST(NnAutoencoder, RespondsWithTheSizeOfTheFirstLayersOutputs) {
  Plain model(layers({}, 3), {1, 1, 2});
  auto p = model.named_parameters();
  set(p["encoder.layer0.weight"], {1, 2, -1, 0, 0.5, -0.5});
  set(p["encoder.layer0.bias"], {0, 0.5, -1});
  const Tensor x = at::tensor({0.2, 0.6, 1.0, 0.0}, at::kFloat).view({2, 1, 1, 2});
  const Tensor expected = at::tensor({1.4, 0.3, 1.2, 1.0, 0.5, 0.5}, at::kFloat).view({2, 3});
  EXPECT_TRUE(model.responses(x).allclose(expected, 1e-5, 1e-6)) << model.responses(x);

  Plain deep(layers({3}, 4), {1, 1, 2});
  p = deep.named_parameters();
  set(p["encoder.layer0.weight"], {1, 2, -1, 0, 0.5, -0.5});
  set(p["encoder.layer0.bias"], {0, 0.5, -1});
  EXPECT_TRUE(deep.responses(x).allclose(at::tanh(expected), 1e-5, 1e-6)) << "|tanh(a)| = tanh(|a|)";
}

TEST(NnAutoencoder, AChannelRespondsWithItsMeanOverPlaces) {
  Plain model(convolutions(), {1, 8, 8});
  auto p = model.named_parameters();
  set(p["encoder.convolution0.bias"], {0.5, -0.5, 0});
  const Tensor none = model.responses(at::zeros({2, 1, 8, 8}));
  const Tensor expected = at::tensor({std::tanh(0.5), std::tanh(0.5), 0.0}, at::kFloat).expand({2, 3});
  EXPECT_TRUE(none.allclose(expected, 1e-5, 1e-6));
  const Tensor x = Noise(2).uniform({2, 1, 8, 8});
  const Tensor made =
      at::tanh(at::conv2d(x, p["encoder.convolution0.weight"], p["encoder.convolution0.bias"], 2, 1));
  EXPECT_TRUE(model.responses(x).allclose(made.abs().mean({2, 3}), 1e-5, 1e-6));
}

TEST(NnAutoencoder, ReconstructsFromItsCode) {
  for (const bool tied : {false, true}) {
    Plain model(layers({}, 3, tied), {1, 2, 2}, Activation::sigmoid);
    auto p = model.named_parameters();
    set(p["decoder.layer0.bias"], {0.1, 0.2, 0.3, 0.4});
    const Tensor x = Noise(2).uniform({5, 1, 2, 2});
    const Tensor code =
        at::sigmoid(at::linear(x.flatten(1), p["encoder.layer0.weight"], p["encoder.layer0.bias"]));
    EXPECT_TRUE(model.encode(x).allclose(code, 1e-5, 1e-6));
    EXPECT_EQ(model.code_size(), 3);
    const Tensor back = tied ? p["encoder.layer0.weight"].t() : p["decoder.layer0.weight"];  // [4, 3]
    const Tensor made = at::linear(code, back, p["decoder.layer0.bias"]).view({5, 1, 2, 2});
    Noise noise(1);
    EXPECT_TRUE(model.reconstruct({.x = x}, noise).allclose(made, 1e-5, 1e-6));
    Step step{0, noise};
    const Tensor loss = model.loss({.x = x}, step).total();
    EXPECT_NEAR(loss.item<double>(), (made - x).square().sum().item<double>() / 5, 1e-5);
  }
}

TEST(NnAutoencoder, NamesItsParametersByNetworkAndLayer) {
  EXPECT_THAT(names_of(Plain(layers({5}, 3), {1, 2, 2})),
              UnorderedElementsAre("encoder.layer0.weight", "encoder.layer0.bias", "encoder.layer1.weight",
                                   "encoder.layer1.bias", "decoder.layer0.weight", "decoder.layer0.bias",
                                   "decoder.layer1.weight", "decoder.layer1.bias"));
  EXPECT_THAT(names_of(Plain(layers({5}, 3, true), {1, 2, 2})),
              UnorderedElementsAre("encoder.layer0.weight", "encoder.layer0.bias", "encoder.layer1.weight",
                                   "encoder.layer1.bias", "decoder.layer0.bias", "decoder.layer1.bias"));
}

}  // namespace
}  // namespace isthmus::nn
