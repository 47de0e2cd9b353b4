#include "isthmus/nn/backbone.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "isthmus/core/error.hpp"
#include "isthmus/core/settings.hpp"
#include "isthmus/nn/convolution.hpp"
#include "isthmus/nn/mlp.hpp"

namespace isthmus::nn {
namespace {

Tensor images(const Shape& shape, int64_t n) {
  Shape sizes = shape;
  sizes.insert(sizes.begin(), n);
  return Noise(1, Purpose::evaluation).uniform(sizes);
}

TEST(Mlp, IsItsLayersOneAfterTheOther) {
  Noise noise(1);
  Mlp mlp(6, std::vector<int64_t>{5, 4}, 3, Activation::tanh, noise);
  const auto p = mlp.named_parameters();
  ASSERT_EQ(p.size(), 6U);
  const Tensor x = images({2, 3}, 7);
  Tensor h = x.flatten(1);
  for (const char* layer : {"layer0", "layer1", "layer2"}) {
    h = at::linear(h, p[std::string(layer) + ".weight"], p[std::string(layer) + ".bias"]);
    if (std::string(layer) != "layer2") h = at::tanh(h);
  }
  EXPECT_TRUE(mlp.forward(x).allclose(h, 1e-5, 1e-6));
  EXPECT_TRUE(mlp.output_bias().is_same(p["layer2.bias"]));
}

TEST(Mlp, IsLinearWithoutHiddenLayers) {
  Noise noise(1);
  Mlp mlp(6, {}, 3, Activation::relu, noise);
  const at::NoGradGuard no_grad;
  const Tensor x = images({6}, 4);
  const Tensor zero = mlp.forward(at::zeros({1, 6}));
  EXPECT_TRUE((mlp.forward(3 * x) - zero).allclose(3 * (mlp.forward(x) - zero), 1e-4, 1e-5));
}

TEST(Layers, StartAsGlorotAndBengioSay) {
  Noise noise(2);
  const Linear layer(300, 200, Activation::relu, noise);
  const double bound = std::sqrt(6.0 / 500);
  EXPECT_LE(layer.weight.abs().max().item<double>(), bound * 1.000001);
  EXPECT_NEAR(layer.weight.mean().item<double>(), 0, 0.002);
  EXPECT_NEAR(layer.weight.std().item<double>(), bound / std::sqrt(3.0), 0.001);
  EXPECT_EQ(layer.bias.abs().sum().item<double>(), 0);
  EXPECT_TRUE(layer.weight.requires_grad() && layer.bias.requires_grad());
}

TEST(Backbone, MakesNetworksOfTheRightShape) {
  for (const Shape& shape : {Shape{1, 28, 28}, Shape{3, 32, 32}, Shape{2, 64, 16}}) {
    for (const auto kind : {Architecture::mlp, Architecture::conv}) {
      for (const auto& hidden : {std::vector<int64_t>{}, std::vector<int64_t>{12, 9}}) {
        const Backbone backbone{.kind = kind, .hidden = hidden, .channels = {4, 6}};
        Noise noise(1);
        const auto encoder = make_encoder(backbone, shape, 5, noise);
        const auto decoder = make_decoder(backbone, 5, shape, noise);
        const Tensor code = encoder->forward(images(shape, 3));
        EXPECT_EQ(code.sizes(), (Shape{3, 5}));
        EXPECT_EQ(encoder->output_bias().numel(), 5);
        const Tensor made = decoder->forward(code);
        EXPECT_EQ(made.size(0), 3);
        EXPECT_EQ(made.numel(), 3 * elements(shape));
        made.square().sum().backward();
        for (const auto& network : {encoder, decoder})
          for (const auto& item : network->named_parameters())
            EXPECT_TRUE(item.value().grad().defined()) << item.key();
      }
    }
  }
}

TEST(Backbone, DrawsItsWeightsFromTheNoiseAlone) {
  const Backbone backbone{.hidden = {9}};
  Noise first(5);
  Noise second(5);
  Noise third(6);
  const auto weights = [&](Noise& noise) {
    return make_encoder(backbone, {1, 4, 4}, 5, noise)->named_parameters()["layer0.weight"].clone();
  };
  const Tensor one = weights(first);
  EXPECT_TRUE(one.equal(weights(second)));
  EXPECT_FALSE(one.equal(weights(third)));
}

TEST(Backbone, GivesEachImageItsOwnRow) {
  const at::NoGradGuard no_grad;
  const Backbone backbone{.kind = Architecture::conv, .hidden = {20}, .channels = {4, 6}};
  Noise noise(1);
  const auto encoder = make_encoder(backbone, {1, 28, 28}, 5, noise);
  const auto decoder = make_decoder(backbone, 5, {1, 28, 28}, noise);
  const Tensor x = images({1, 28, 28}, 6);
  const Tensor code = encoder->forward(x);
  EXPECT_TRUE(code.narrow(0, 2, 3).allclose(encoder->forward(x.narrow(0, 2, 3)), 1e-4, 1e-5));
  EXPECT_TRUE(
      decoder->forward(code).narrow(0, 2, 3).allclose(decoder->forward(code.narrow(0, 2, 3)), 1e-4, 1e-5));
}

/// The message of the Error that building an encoder throws; empty when there is none.
std::string refusal(const Backbone& backbone, const Shape& shape) {
  try {
    Noise noise(1);
    make_encoder(backbone, shape, 5, noise);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(Backbone, SaysWhichShapesConvolutionsTake) {
  const Backbone three{.kind = Architecture::conv, .channels = {4, 4, 4}};
  EXPECT_EQ(refusal(three, {3, 32, 32}), "");
  EXPECT_EQ(
      refusal(three, {1, 28, 28}),
      "[backbone] expected height and width that 3 convolutions can halve, multiples of 8, got 1x28x28; try "
      "--backbone.channels with at most 2 numbers, or --data.size 32");
  EXPECT_NE(refusal(three, {1, 27, 27}).find("got 1x27x27; try --data.size 32 or --backbone.kind mlp"),
            std::string::npos);
  EXPECT_NE(refusal(three, {10}).find("got examples of shape 10; try --backbone.kind mlp"),
            std::string::npos);
  EXPECT_NE(refusal({.kind = Architecture::conv, .channels = {}}, {1, 28, 28}).find("got none"),
            std::string::npos);
}

TEST(Backbone, HasWordsForAllItsSettings) {
  Settings settings(Backbone{});
  settings.set("kind", "conv");
  settings.set("activation", "softplus");
  settings.set("hidden", "");
  settings.set("channels", "8,16,32");
  const auto& backbone = settings.as<Backbone>();
  EXPECT_EQ(backbone.kind, Architecture::conv);
  EXPECT_EQ(backbone.activation, ops::Activation::softplus);
  EXPECT_TRUE(backbone.hidden.empty());
  EXPECT_EQ(backbone.channels.size(), 3U);
  EXPECT_THROW(settings.set("hidden", "400,0"), UsageError);
}

TEST(Backbone, TiesTheDecoderToTheEncodersWeights) {
  Noise noise(1);
  const Backbone backbone{.hidden = {7, 5}, .activation = Activation::tanh, .tied = true};
  const auto [encoder, decoder] = make_mirrored(backbone, {1, 2, 4}, 3, noise, Activation::sigmoid);
  EXPECT_EQ(encoder->parameters().size(), 6U);
  EXPECT_EQ(decoder->parameters().size(), 3U) << "biases alone";
  auto p = encoder->named_parameters();
  const Tensor code = Noise(2).uniform({6, 3});
  Tensor h = at::tanh(code.mm(p["layer2.weight"]));
  h = at::tanh(h.mm(p["layer1.weight"]));
  EXPECT_TRUE(decoder->forward(code).allclose(h.mm(p["layer0.weight"]), 1e-5, 1e-6));

  // A weight learns from both of its uses: its gradient is the sum of those of an untied pair of equal
  // weights.
  const auto untied = make_decoder({.hidden = {7, 5}, .activation = Activation::tanh}, 3, {1, 2, 4}, noise);
  {
    const at::NoGradGuard no_grad;
    for (int64_t i = 0; i < 3; ++i)
      untied->named_parameters()["layer" + std::to_string(i) + ".weight"].copy_(
          p["layer" + std::to_string(2 - i) + ".weight"].t());
  }
  const Tensor x = Noise(3).uniform({6, 1, 2, 4});
  decoder->forward(encoder->forward(x)).square().sum().backward();
  const Tensor both = p["layer1.weight"].grad().clone();
  encoder->zero_grad();
  untied->forward(encoder->forward(x)).square().sum().backward();
  const Tensor sum = p["layer1.weight"].grad() + untied->named_parameters()["layer1.weight"].grad().t();
  EXPECT_TRUE(both.allclose(sum, 1e-4, 1e-5));
}

TEST(Backbone, RefusesToTieWhatDoesNotMirror) {
  Noise noise(1);
  EXPECT_THROW(make_mirrored({.kind = Architecture::conv, .tied = true}, {1, 28, 28}, 3, noise), UsageError);
  EXPECT_THROW(make_decoder({.tied = true}, 3, {1, 28, 28}, noise), UsageError);
}

TEST(Backbone, ShowsTheOutputOfEveryLayer) {
  Noise noise(1);
  const Tensor x = Noise(3).uniform({2, 1, 8, 8});
  for (const Architecture kind : {Architecture::mlp, Architecture::conv}) {
    const Backbone backbone{.kind = kind, .hidden = {6}, .channels = {3, 5}};
    const auto [encoder, decoder] = make_mirrored(backbone, {1, 8, 8}, 4, noise, Activation::sigmoid);
    const auto up = encoder->activations(x);
    EXPECT_EQ(up.size(), kind == Architecture::mlp ? 2U : 4U);
    EXPECT_TRUE(up.back().equal(encoder->forward(x)));
    EXPECT_GE(up.back().min().item<double>(), 0) << "the last activation is the code's";
    const auto down = decoder->activations(up.back());
    EXPECT_EQ(down.size(), up.size());
    EXPECT_TRUE(down.back().equal(decoder->forward(up.back())));
    EXPECT_EQ(encoder->first_weight().size(0), up.front().size(1));
  }
}

}  // namespace
}  // namespace isthmus::nn
