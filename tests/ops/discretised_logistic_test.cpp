#include "isthmus/ops/discretised_logistic.hpp"

#include <array>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "isthmus/core/error.hpp"
#include "isthmus/core/noise.hpp"
#include "isthmus/ops/fused.hpp"

#include "tests/support/gradients.hpp"

namespace isthmus::ops {
namespace {

using Tensors = std::vector<Tensor>;

const Tensor bins = at::arange(256, at::kFloat) / 255;

Tensor number(double value) {
  return at::full({1}, value, at::kFloat);
}

TEST(DiscretisedLogisticMass, SumsToOneForEveryMeanAndScale) {
  for (const double mean : {-0.5, 0.0, 0.0019, 0.25, 0.49803922, 0.5, 0.7, 0.99, 1.0, 1.3}) {
    for (double log_scale = -9; log_scale <= 4; log_scale += 0.25) {
      const Tensor log_p = discretised_logistic_log_mass(number(mean), number(log_scale), bins);
      EXPECT_TRUE(log_p.isfinite().all().item<bool>()) << mean << " " << log_scale;
      EXPECT_NEAR(at::exp(log_p.to(at::kDouble)).sum().item<double>(), 1, 1e-5) << mean << " " << log_scale;
    }
  }
}

TEST(DiscretisedLogisticMass, IsTheDifferenceOfTwoSigmoids) {
  const double mean = 0.4;
  const double scale = 0.03;
  const auto cumulative = [&](double x) { return 1 / (1 + std::exp(-(x - mean) / scale)); };
  for (const int64_t bin : {0, 1, 50, 102, 200, 255}) {
    const double upper = bin == 255 ? 1 : cumulative((static_cast<double>(bin) + 0.5) / 255);
    const double lower = bin == 0 ? 0 : cumulative((static_cast<double>(bin) - 0.5) / 255);
    const Tensor log_p =
        discretised_logistic_log_mass(number(mean), number(std::log(scale)), bins[bin].view({1}));
    EXPECT_NEAR(log_p.item<double>(), std::log(upper - lower), 2e-5) << bin;
  }
}

TEST(DiscretisedLogisticMass, KeepsItsDigitsInTheTails) {
  // Far above the mean a bin holds e^(−b/s)(1 − e^(−δ)) of the mass, here about e^−440: no difference of
  // sigmoids in float32 could tell.
  const double scale = 0.002;
  const Tensor log_p =
      discretised_logistic_log_mass(number(0.1), number(std::log(scale)), bins[250].view({1}));
  const double lower = (249.5 / 255 - 0.1) / scale;
  EXPECT_NEAR(log_p.item<double>(), -lower + std::log1p(-std::exp(-1 / (255 * scale))), 1e-3);
}

TEST(DiscretisedLogisticMass, HasTheGradientsOfDifferences) {
  const Tensor x = at::tensor({0.0, 3.0, 120.0, 128.0, 254.0, 255.0}, at::kDouble) / 255;
  test::check_gradients(
      [&](const std::vector<Tensor>& t) { return discretised_logistic_log_mass(t[0], t[1], x); },
      {at::tensor({0.2, 0.01, 0.5, 0.4, 0.9, 1.1}), at::tensor({-2.0, -3.0, -4.0, -1.0, -2.0, -2.5})}, 1e-5);
}

/// Pixels of every sort, the open bins at both ends among them.
Tensor pixels(Noise& noise, int64_t rows, int64_t d) {
  const Tensor x = (noise.uniform({rows, d}) * 300 - 20).clamp(0, 255).round() / 255;
  return x;
}

TEST(DiscretisedLogisticLikelihood, IsItsReferenceForwardAndBackward) {
  Noise noise(5);
  for (const auto& [rows, d, repeat] : {std::array{1, 1, 1}, {4, 7, 1}, {12, 33, 3}, {60, 784, 2}})
    for (const int kind : {0, 1, 2}) {
      const Tensor x = pixels(noise, rows / repeat, d);
      const Tensor mean = noise.uniform({rows, d}) * 1.2 - 0.1;
      const Tensor each = noise.normal({rows, d}) * 2 - 4;  // some below the least
      const Tensor log_scale = kind == 2 ? each : kind == 1 ? each[0].clone() : at::full({}, -3.0F);
      ASSERT_TRUE(eligible(mean, log_scale, x));
      const auto fused = [&, repeat = repeat](const Tensors& t) {
        return discretised_logistic_log_likelihood(t[0], t[1], x, repeat);
      };
      const auto truth = [&, repeat = repeat](const Tensors& t) {
        return reference::discretised_logistic_log_likelihood(t[0].to(at::kDouble), t[1].to(at::kDouble),
                                                              x.to(at::kDouble), repeat)
            .to(at::kFloat);
      };
      const Tensors inputs{mean, log_scale};
      EXPECT_TRUE(fused(inputs).allclose(truth(inputs), 2e-5, 1e-4)) << rows << " " << kind;
      const Tensors got = test::gradients_of(fused, inputs);
      const Tensors expected = test::gradients_of(truth, inputs);
      for (size_t i = 0; i < 2; ++i) {
        const double largest = expected[i].abs().max().item<double>();
        EXPECT_TRUE(got[i].allclose(expected[i], 1e-3, 1e-5 * largest)) << i << " of kind " << kind;
      }
      const at::NoGradGuard no_grad;
      EXPECT_TRUE(fused(inputs).allclose(truth(inputs), 2e-5, 1e-4));
    }
}

TEST(DiscretisedLogisticLikelihood, TakesHalvesOfADecodersOutputs) {
  Noise noise(6);
  const Tensor outputs = noise.normal({6, 20});
  const Tensor x = pixels(noise, 6, 10);
  const auto of = [&](auto likelihood) {
    return [&, likelihood](const Tensors& t) {
      return likelihood(t[0].narrow(1, 0, 10), t[0].narrow(1, 10, 10), x, 1);
    };
  };
  const auto fused = of(&discretised_logistic_log_likelihood);
  const auto truth = of(&reference::discretised_logistic_log_likelihood);
  EXPECT_TRUE(fused({outputs}).allclose(truth({outputs}), 1e-4, 1e-3));
  EXPECT_TRUE(
      test::gradients_of(fused, {outputs})[0].allclose(test::gradients_of(truth, {outputs})[0], 1e-3, 1e-3));
}

TEST(DiscretisedLogisticLikelihood, CanBeDifferentiatedAgain) {
  Noise noise(7);
  const Tensor x = pixels(noise, 5, 8);
  const Tensor mean = noise.uniform({5, 8});
  const auto second = [&](auto likelihood) {
    const Tensor m = mean.detach().set_requires_grad(true);
    const Tensor log_scale = m * 0.5 - 2;  // as of one network: each a function of the same
    const Tensor first =
        torch::autograd::grad({likelihood(m, log_scale, x, 1).sum()}, {m}, {}, true, true)[0];
    return torch::autograd::grad({first.square().sum()}, {m})[0];
  };
  EXPECT_TRUE(second(&discretised_logistic_log_likelihood)
                  .allclose(second(&reference::discretised_logistic_log_likelihood), 1e-3, 1e-3));
}

TEST(DiscretisedLogisticLikelihood, RefusesShapesThatDisagree) {
  const Tensor x = at::zeros({2, 3});
  EXPECT_THROW(discretised_logistic_log_likelihood(at::zeros({3, 3}), at::zeros({}), x, 1), Error);
  EXPECT_THROW(discretised_logistic_log_likelihood(at::zeros({2, 4}), at::zeros({}), x, 1), Error);
  EXPECT_THROW(discretised_logistic_log_likelihood(at::zeros({2, 3}), at::zeros({2}), x, 1), Error);
}

}  // namespace
}  // namespace isthmus::ops
