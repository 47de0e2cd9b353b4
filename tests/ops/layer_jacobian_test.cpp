#include "isthmus/ops/layer_jacobian.hpp"

#include <array>
#include <cmath>

#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "isthmus/core/noise.hpp"
#include "isthmus/ops/fused.hpp"
#include "isthmus/ops/gradients_in_place.hpp"
#include "isthmus/ops/jacobian.hpp"
#include "isthmus/ops/linear.hpp"

#include "tests/support/gradients.hpp"

namespace isthmus::ops {
namespace {

using Tensors = std::vector<Tensor>;

constexpr Activation activations[] = {Activation::identity, Activation::relu, Activation::tanh,
                                      Activation::sigmoid, Activation::softplus};

TEST(LayerSquaredJacobianNorm, IsAutogradsOfOneLayer) {
  Noise noise(13);
  const Tensor x = noise.normal({6, 9});
  const Tensor weight = noise.normal({5, 9});
  const Tensor bias = noise.normal({5});
  for (const Activation activation : activations) {
    const auto f = [&](const Tensor& input) { return linear(input, weight, bias, activation); };
    const Tensor closed = layer_squared_jacobian_norm(f(x), weight, activation);
    EXPECT_TRUE(closed.allclose(squared_jacobian_norm(f, x), 1e-5, 1e-12));
  }
}

TEST(LayerSquaredJacobianNorm, OfASigmoidIsTheOneOfRifai) {
  Noise noise(14);
  const Tensor weight = noise.normal({4, 3}).to(at::kDouble);
  const Tensor h = at::sigmoid(noise.normal({2, 4}).to(at::kDouble));
  const Tensor closed = layer_squared_jacobian_norm(h, weight, Activation::sigmoid);
  for (int64_t row = 0; row < 2; ++row) {
    double sum = 0;
    for (int64_t j = 0; j < 4; ++j) {
      const double unit = h[row][j].item<double>();
      for (int64_t i = 0; i < 3; ++i)
        sum += std::pow(unit * (1 - unit), 2) * std::pow(weight[j][i].item<double>(), 2);
    }
    EXPECT_NEAR(closed[row].item<double>(), sum, 1e-12);
  }
}

TEST(LayerSquaredJacobianNorm, HasTheGradientsOfDifferences) {
  Noise noise(15);
  const Tensor x = noise.normal({3, 5}).to(at::kDouble);
  for (const Activation activation : {Activation::tanh, Activation::sigmoid, Activation::softplus})
    test::check_gradients(
        [&](const Tensors& w) {
          return layer_squared_jacobian_norm(linear(x, w[0], w[1], activation), w[0], activation);
        },
        {noise.normal({4, 5}), noise.normal({4})});
}

TEST(LayerSquaredJacobianNorm, IsItsReferenceForwardAndBackward) {
  Noise noise(16);
  for (const auto& [rows, units, inputs] : {std::array{1, 1, 1}, {5, 17, 9}, {100, 200, 784}})
    for (const Activation activation : activations) {
      const Tensor h = at::sigmoid(noise.normal({rows, units}));
      const Tensor weight = noise.normal({units, inputs});
      ASSERT_TRUE(eligible(h, weight));
      const auto fused = [&](const Tensors& t) {
        return layer_squared_jacobian_norm(t[0], t[1], activation);
      };
      const auto truth = [&](const Tensors& t) {
        return reference::layer_squared_jacobian_norm(t[0], t[1], activation);
      };
      const Tensors inputs_of_both{h, weight};
      EXPECT_TRUE(fused(inputs_of_both).allclose(truth(inputs_of_both), 1e-5));
      const Tensors got = test::gradients_of(fused, inputs_of_both);
      const Tensors expected = test::gradients_of(truth, inputs_of_both);
      const Tensor dh = expected[0].defined() ? expected[0] : at::zeros_like(h);  // of the identity
      EXPECT_TRUE(got[0].allclose(dh, 1e-4, 1e-4));
      EXPECT_TRUE(got[1].allclose(expected[1], 1e-4, 1e-4));
      const at::NoGradGuard no_grad;
      EXPECT_TRUE(fused(inputs_of_both).allclose(truth(inputs_of_both), 1e-5));
    }
}

TEST(LayerSquaredJacobianNorm, AddsItsGradientInPlace) {
  Noise noise(17);
  const Tensor x = noise.normal({6, 9});
  const Tensor bias = noise.normal({4});
  Tensor weight = noise.normal({4, 9}).requires_grad_();
  // Twice the op, and a layer: whichever comes last finds something in the place.
  const auto loss = [&] {
    const Tensor h = linear(x, weight, bias, Activation::sigmoid);
    return layer_squared_jacobian_norm(h, weight, Activation::sigmoid).sum() + h.square().sum() +
           layer_squared_jacobian_norm(h.detach(), weight, Activation::tanh).sum();
  };
  loss().backward();
  const Tensor expected = weight.grad();
  weight.mutable_grad() = at::ones_like(weight);
  const void* held = weight.grad().data_ptr();
  GradientsInPlace scope({&weight, 1});
  loss().backward();
  scope.finish();
  EXPECT_EQ(weight.grad().data_ptr(), held);
  EXPECT_TRUE(weight.grad().allclose(expected, 1e-4, 1e-5));
}

// In use h is made of the weights, and its own way to them is not the op's to follow.
TEST(LayerSquaredJacobianNorm, HasTheSameGradientWithAGraphOfIt) {
  Noise noise(19);
  const Tensor x = noise.normal({6, 9});
  const Tensor weight = noise.normal({4, 9}).requires_grad_();
  const auto gradient = [&](bool create_graph) {
    const Tensor h = linear(x, weight, noise.normal({4}), Activation::sigmoid);
    const Tensor norm = layer_squared_jacobian_norm(h, weight, Activation::sigmoid).sum();
    return torch::autograd::grad({norm}, {weight}, {}, true, create_graph)[0];
  };
  const Noise start = noise;
  const Tensor plain = gradient(false);
  noise = start;
  EXPECT_TRUE(gradient(true).allclose(plain, 1e-4, 1e-5));
}

TEST(LayerSquaredJacobianNorm, CanBeDifferentiatedAgain) {
  Noise noise(18);
  const Tensor h = at::sigmoid(noise.normal({6, 4}));
  const Tensor weight = noise.normal({4, 9});
  const auto second = [&](auto norm) {
    const Tensor w = weight.detach().set_requires_grad(true);
    const Tensor unit = h.detach().set_requires_grad(true);
    const Tensors first =
        torch::autograd::grad({norm(unit, w, Activation::tanh).sum()}, {unit, w}, {}, true, true);
    return torch::autograd::grad({first[0].square().sum() + first[1].square().sum()}, {w})[0];
  };
  const Tensor unit = h.detach().set_requires_grad(true);  // and of a weight that is no parameter
  const Tensor norm = layer_squared_jacobian_norm(unit, weight, Activation::sigmoid).sum();
  EXPECT_TRUE(torch::autograd::grad({norm}, {unit}, {}, true, true)[0].requires_grad());
  EXPECT_TRUE(second(&layer_squared_jacobian_norm)
                  .allclose(second(&reference::layer_squared_jacobian_norm), 1e-4, 1e-5));
}

}  // namespace
}  // namespace isthmus::ops
