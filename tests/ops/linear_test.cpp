#include "isthmus/ops/linear.hpp"

#include <cmath>

#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "isthmus/core/noise.hpp"
#include "isthmus/ops/fused.hpp"

#include "tests/support/gradients.hpp"

namespace isthmus::ops {
namespace {

using test::expect_near;
using Tensors = std::vector<Tensor>;

constexpr Activation activations[] = {Activation::identity, Activation::relu, Activation::tanh,
                                      Activation::sigmoid, Activation::softplus};

void expect_near(const Tensors& fused, const Tensors& truth, const char* what) {
  for (size_t i = 0; i < truth.size(); ++i) expect_near(fused[i], truth[i], what);
}

struct Sizes {
  int64_t rows, inputs, outputs;
};

class LinearOp : public testing::TestWithParam<Sizes> {
 protected:
  Noise noise{3};
  Tensor x = noise.normal({GetParam().rows, GetParam().inputs});
  // Sums of about 1: of large ones the roundings of both paths would be seen, not their formulas.
  Tensor weight = noise.normal({GetParam().outputs, GetParam().inputs}) /
                  std::sqrt(static_cast<double>(GetParam().inputs));
  Tensor bias = noise.normal({GetParam().outputs});
};

TEST_P(LinearOp, IsItsReferenceForwardAndBackward) {
  ASSERT_TRUE(eligible(x, weight, bias));
  for (const Activation activation : activations) {
    const auto fused = [&](const Tensors& t) { return ops::linear(t[0], t[1], t[2], activation); };
    const auto truth = [&](const Tensors& t) { return reference::linear(t[0], t[1], t[2], activation); };
    const Tensors inputs{x, weight, bias};
    expect_near(fused(inputs), truth(inputs), "value");
    expect_near(test::gradients_of(fused, inputs), test::gradients_of(truth, inputs), "gradient");
    const at::NoGradGuard no_grad;
    expect_near(fused(inputs), truth(inputs), "value without grad");
  }
}

TEST_P(LinearOp, TakesNoBias) {
  for (const Activation activation : {Activation::identity, Activation::tanh}) {
    const auto fused = [&](const Tensors& t) { return ops::linear(t[0], t[1], {}, activation); };
    const auto truth = [&](const Tensors& t) { return reference::linear(t[0], t[1], {}, activation); };
    expect_near(fused({x, weight}), truth({x, weight}), "value");
    expect_near(test::gradients_of(fused, {x, weight}), test::gradients_of(truth, {x, weight}), "gradient");
  }
}

TEST_P(LinearOp, TakesOtherStridesAndTypes) {
  const Tensor strided = at::stack({x, x}, 2).select(2, 1);
  if (strided.numel() > 1) {
    EXPECT_FALSE(eligible(strided));
  }
  expect_near(ops::linear(strided, weight, bias), reference::linear(x, weight, bias), "strided");
  const Tensor wide =
      ops::linear(x.to(at::kDouble), weight.to(at::kDouble), bias.to(at::kDouble), Activation::tanh);
  EXPECT_EQ(wide.scalar_type(), at::kDouble);
  const Tensor narrow = ops::linear(x, weight, bias, Activation::tanh);
  EXPECT_TRUE(wide.to(at::kFloat).allclose(narrow, 0, 5e-5)) << "float64";
}

INSTANTIATE_TEST_SUITE_P(Sizes, LinearOp,
                         testing::Values(Sizes{1, 1, 1}, Sizes{7, 5, 3}, Sizes{16, 16, 16}, Sizes{33, 17, 65},
                                         Sizes{100, 784, 200}, Sizes{3, 200, 784}));

TEST(LinearGradients, AreThoseOfDifferences) {
  Noise noise(4);
  for (const Activation activation : activations)
    test::check_gradients([&](const Tensors& t) { return reference::linear(t[0], t[1], t[2], activation); },
                          {noise.normal({3, 4}), noise.normal({2, 4}), noise.normal({2})});
}

TEST(LinearGradients, AreNotFormedWhenNobodyAsks) {
  Noise noise(5);
  const Tensor x = noise.normal({4, 3});
  const Tensor weight = noise.normal({2, 3}).set_requires_grad(true);
  const Tensor bias = noise.normal({2});
  ops::linear(x, weight, bias, Activation::relu).sum().backward();
  EXPECT_TRUE(weight.grad().defined());
  EXPECT_FALSE(x.grad().defined());
  EXPECT_FALSE(bias.grad().defined());
}

TEST(LinearGradients, AddIntoTheMemoryOfADefinedGradient) {
  Noise noise(6);
  const Tensor buffer = at::zeros({6});
  Tensor weight = noise.normal({2, 3}).set_requires_grad(true);
  weight.mutable_grad() = buffer.view({2, 3});
  const Tensor x = noise.normal({4, 3});
  for (int i = 0; i < 2; ++i) ops::linear(x, weight, {}).sum().backward();
  EXPECT_TRUE(buffer.view({2, 3}).allclose(2 * x.sum(0).expand({2, 3})));
}

TEST(LinearGradients, CanBeDifferentiatedAgain) {
  Noise noise(7);
  const Tensor x = noise.normal({5, 4});
  const Tensor weight = noise.normal({3, 4});
  const Tensor bias = noise.normal({3});
  for (const Activation activation : activations) {
    const auto penalty = [&](auto layer) {
      const Tensor input = x.detach().set_requires_grad(true);
      const Tensor w = weight.detach().set_requires_grad(true);
      const Tensor y = layer(input, w, bias, activation);
      const Tensor dx = torch::autograd::grad({y.square().sum()}, {input}, {}, true, true)[0];
      return torch::autograd::grad({dx.square().sum()}, {w})[0];
    };
    expect_near(penalty(&linear), penalty(&reference::linear), "second derivative");
  }
}

TEST(LinearGradients, PassThroughTransposedWeights) {
  Noise noise(8);
  const Tensor x = noise.normal({5, 4});
  const Tensor stored = noise.normal({4, 3});
  const Tensor bias = noise.normal({3});
  const auto gradient = [&](auto layer) {
    const Tensor w = stored.detach().set_requires_grad(true);
    layer(x, w.t(), bias, Activation::tanh).square().sum().backward();
    return w.grad();
  };
  expect_near(gradient(&linear), gradient(&reference::linear), "a decoder's weights are its encoder's");
}

}  // namespace
}  // namespace isthmus::ops
