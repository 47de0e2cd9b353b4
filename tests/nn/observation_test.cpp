#include "isthmus/nn/observation.hpp"

#include <cmath>
#include <numbers>

#include <gtest/gtest.h>

#include "isthmus/core/error.hpp"
#include "isthmus/nn/backbone.hpp"

namespace isthmus::nn {
namespace {

using Config = ObservationConfig;

constexpr Likelihood likelihoods[] = {Likelihood::bernoulli, Likelihood::gaussian,
                                      Likelihood::discretised_logistic};
constexpr Variance variances[] = {Variance::fixed, Variance::scalar, Variance::per_pixel};

DataSpec spec(const Shape& shape, bool binary = true) {
  return {.shape = shape, .binary = binary, .mean = at::full(shape, 0.25F)};
}

Shape batch_of(int64_t rows, Shape shape) {
  shape.insert(shape.begin(), rows);
  return shape;
}

TEST(Observation, AsksTheDecoderForTwoNumbersAPixelWhenItSaysTheVariance) {
  for (const auto likelihood : likelihoods)
    for (const auto variance : variances) {
      const Observation observation({likelihood, variance}, spec({3, 4, 4}));
      const bool two = likelihood != Likelihood::bernoulli && variance == Variance::per_pixel;
      EXPECT_EQ(observation.output_shape(), (Shape{two ? 6 : 3, 4, 4}));
      const bool learned = likelihood != Likelihood::bernoulli && variance == Variance::scalar;
      EXPECT_EQ(observation.parameters().size(), learned ? 1U : 0U);
    }
}

TEST(Observation, SharesAnExampleAmongItsDraws) {
  for (const auto likelihood : likelihoods)
    for (const auto variance : variances) {
      const Observation observation({likelihood, variance}, spec({2, 3, 3}));
      Noise noise(1);
      const Tensor outputs = noise.normal(batch_of(6, observation.output_shape()));
      const Tensor x = noise.bernoulli(at::full({2, 2, 3, 3}, 0.5F));
      const Tensor all = observation.log_prob(outputs, x, 3);
      ASSERT_EQ(all.sizes(), (Shape{6}));
      EXPECT_TRUE(all.allclose(observation.log_prob(outputs, x.repeat_interleave(3, 0)), 1e-5, 1e-4));
    }
}

TEST(Observation, OfEachUnderEachIsLogProb) {
  for (const auto likelihood : likelihoods)
    for (const auto variance : variances) {
      const Observation observation({likelihood, variance, 0.1}, spec({2, 3, 3}));
      Noise noise(1);
      const Tensor outputs = noise.normal(batch_of(5, observation.output_shape())).set_requires_grad(true);
      const Tensor x = noise.bernoulli(at::full({3, 2, 3, 3}, 0.5F));
      const Tensor each = observation.log_prob_of_each(outputs, x);
      ASSERT_EQ(each.sizes(), (Shape{3, 5}));
      const Tensor one_by_one =
          observation.log_prob(outputs.repeat({3, 1, 1, 1}), x.repeat_interleave(5, 0)).view({3, 5});
      EXPECT_TRUE(each.allclose(one_by_one, 1e-4, 1e-3));
      const auto gradient = [&](const Tensor& y) {
        outputs.mutable_grad() = Tensor();
        (y * at::cos(at::arange(15).view({3, 5}))).sum().backward();
        return outputs.grad().clone();
      };
      const Tensor expected = gradient(one_by_one);
      EXPECT_TRUE(gradient(each).allclose(expected, 1e-4, 1e-4 * expected.abs().max().item<double>()));
    }
}

TEST(Observation, IsOneOverAllBinaryImages) {
  const Observation observation({Likelihood::bernoulli}, spec({1, 2, 2}));
  Tensor images = at::zeros({16, 4});
  for (int64_t i = 0; i < 16; ++i)
    for (int64_t bit = 0; bit < 4; ++bit) images[i][bit] = static_cast<float>(i >> bit & 1);
  const Tensor outputs = Noise(1).normal({1, 4}).expand({16, 4});
  EXPECT_NEAR(at::exp(observation.log_prob(outputs, images.view({16, 1, 2, 2}))).sum().item<double>(), 1,
              1e-6);
}

TEST(Observation, IsOneOverAllBins) {
  for (const auto variance : variances) {
    const Observation observation({Likelihood::discretised_logistic, variance, 0.05}, spec({1}, false));
    const Tensor outputs =
        at::tensor({0.3F, -2.5F}).narrow(0, 0, observation.output_shape().front()).expand({256, -1});
    const Tensor x = at::arange(256, at::kFloat).view({256, 1}) / 255;
    EXPECT_NEAR(at::exp(observation.log_prob(outputs, x)).sum().item<double>(), 1, 1e-5);
  }
}

TEST(Observation, HasTheGaussianDensityWithItsConstant) {
  const double sigma = 0.3;
  for (const auto variance : {Variance::fixed, Variance::scalar}) {
    const Observation observation({Likelihood::gaussian, variance, sigma}, spec({2}, false));
    const Tensor log_p =
        observation.log_prob(at::tensor({0.1F, 0.5F}).view({1, 2}), at::tensor({0.4F, 0.5F}).view({1, 2}));
    const double expected = -0.5 * (0.09 / (sigma * sigma)) - std::log(2 * std::numbers::pi * sigma * sigma);
    EXPECT_NEAR(log_p.item<double>(), expected, 1e-5);
  }
}

TEST(Observation, KeepsALearnedVarianceOfAPixelAboveItsFloor) {
  const Observation observation({Likelihood::gaussian, Variance::per_pixel}, spec({1}, false));
  const Tensor outputs = at::tensor({0.5F, -1000.0F}).view({1, 2}).set_requires_grad(true);
  const Tensor log_p = observation.log_prob(outputs, at::full({1, 1}, 0.5F));
  EXPECT_NEAR(log_p.item<double>(), -std::log(0.5 / 255) - 0.5 * std::log(2 * std::numbers::pi), 1e-3);
}

TEST(Observation, LetsTheDecoderStartAtTheMeanAndSigma) {
  const at::NoGradGuard no_grad;
  for (const auto kind : {Architecture::mlp, Architecture::conv})
    for (const auto likelihood : likelihoods)
      for (const auto variance : variances) {
        const Observation observation({likelihood, variance, 0.2}, spec({1, 8, 8}));
        Noise noise(1);
        const auto decoder = make_decoder({.kind = kind, .hidden = {7}, .channels = {4}}, 3,
                                          observation.output_shape(), noise);
        observation.start(*decoder);
        for (auto& item : decoder->named_parameters())
          if (item.key().ends_with("weight")) item.value().zero_();
        const Tensor outputs = decoder->forward(at::zeros({5000, 3}));
        EXPECT_TRUE(observation.mean(outputs).allclose(at::full({5000, 1, 8, 8}, 0.25F), 1e-4, 1e-5));
        if (likelihood == Likelihood::bernoulli) continue;
        const double deviation = observation.draw(outputs, noise).std().item<double>();
        // A logistic loses some of its deviation at the edges of the pixels' range.
        EXPECT_NEAR(deviation, 0.2, likelihood == Likelihood::gaussian ? 0.002 : 0.03);
      }
}

TEST(Observation, StartsFiniteWherePixelsNeverChange) {
  Noise noise(1);
  const Observation observation({Likelihood::bernoulli},
                                {.shape = {2}, .binary = true, .mean = at::tensor({0.0F, 1.0F})});
  const auto decoder = make_decoder({.hidden = {}}, 3, {2}, noise);
  observation.start(*decoder);
  EXPECT_TRUE(decoder->output_bias().isfinite().all().item<bool>());
}

TEST(Observation, DrawsWithTheMeanItSays) {
  for (const auto likelihood : likelihoods) {
    const Observation observation({likelihood, Variance::fixed, 0.05}, spec({2}));
    Noise noise(2);
    const Tensor outputs = at::tensor({0.4F, 0.6F}).expand({20000, 2});
    const Tensor x = observation.draw(outputs, noise);
    EXPECT_EQ(x.sizes(), (Shape{20000, 2}));
    EXPECT_TRUE(x.mean(0).allclose(observation.mean(outputs)[0], 0, 0.015));
  }
}

TEST(Observation, SaysWhenABernoulliMeetsGreyPixels) {
  const Observation grey({Likelihood::bernoulli}, spec({2}, false));
  ASSERT_TRUE(grey.no_likelihood().has_value());
  EXPECT_NE(grey.no_likelihood()->find("--data.binarise dynamic"), std::string::npos);
  EXPECT_FALSE(Observation({Likelihood::bernoulli}, spec({2}, true)).no_likelihood().has_value());
  EXPECT_FALSE(Observation({Likelihood::gaussian}, spec({2}, false)).no_likelihood().has_value());
}

TEST(Observation, RefusesValuesThatItsLikelihoodDoesNotHave) {
  DataSpec wide = spec({2}, false);
  wide.unit = false;
  EXPECT_THROW(Observation({Likelihood::bernoulli}, wide), UsageError);
  EXPECT_THROW(Observation({Likelihood::discretised_logistic}, wide), UsageError);
  EXPECT_NO_THROW(Observation({Likelihood::gaussian}, wide));
}

TEST(Observation, KeepsLikelihoodsInFloat32) {
  const Observation observation({Likelihood::bernoulli}, spec({2}));
  EXPECT_EQ(observation.log_prob(at::zeros({1, 2}, at::kBFloat16), at::ones({1, 2})).scalar_type(),
            at::kFloat);
}

}  // namespace
}  // namespace isthmus::nn
