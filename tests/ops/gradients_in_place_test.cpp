#include "isthmus/ops/gradients_in_place.hpp"

#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "isthmus/core/error.hpp"
#include "isthmus/core/noise.hpp"
#include "isthmus/ops/linear.hpp"

namespace isthmus::ops {
namespace {

struct Layers {
  Tensor x, weight, bias, other;

  Layers() {
    Noise noise(1);
    x = noise.normal({6, 5});
    weight = noise.normal({4, 5}).requires_grad_();
    bias = noise.normal({4}).requires_grad_();
    other = noise.normal({5}).requires_grad_();
    for (Tensor& parameter : parameters()) parameter.mutable_grad() = at::ones_like(parameter);
  }
  std::vector<Tensor> parameters() const { return {weight, bias, other}; }

  /// An encoder, and the way back by the same weights.
  Tensor loss() const {
    return linear(linear(x, weight, bias, Activation::tanh), weight.t(), other).square().sum();
  }
};

TEST(GradientsInPlace, AreThoseOfAutogradTiedWeightsIncluded) {
  const Layers by_autograd;
  for (const Tensor& parameter : by_autograd.parameters()) parameter.grad().zero_();
  by_autograd.loss().backward();
  const Layers in_place;  // its gradients hold 1, which counts for nothing
  const std::vector<Tensor> parameters = in_place.parameters();
  const void* held = in_place.weight.grad().data_ptr();
  GradientsInPlace scope(parameters);
  in_place.loss().backward();
  scope.finish();
  EXPECT_EQ(in_place.weight.grad().data_ptr(), held);
  for (size_t i = 0; i < 3; ++i)
    EXPECT_TRUE(parameters[i].grad().allclose(by_autograd.parameters()[i].grad(), 1e-5, 1e-5)) << i;
}

TEST(GradientsInPlace, TakeInWhatAutogradAddsUpItself) {
  const Layers layers;
  const std::vector<Tensor> parameters = layers.parameters();
  const void* held = layers.other.grad().data_ptr();
  GradientsInPlace scope(parameters);
  // By an op and by autograd; by autograd alone; by nothing.
  (ops::linear(layers.x, layers.weight, {}).sum() + 3 * layers.weight.sum() + 2 * layers.other.sum())
      .backward();
  scope.finish();
  EXPECT_TRUE(layers.weight.grad().allclose(layers.x.sum(0).expand({4, 5}) + 3));
  EXPECT_TRUE(layers.other.grad().equal(at::full({5}, 2.0F)));
  EXPECT_EQ(layers.other.grad().data_ptr(), held);
  EXPECT_TRUE(layers.bias.grad().equal(at::zeros({4})));
}

struct Fails : torch::autograd::Function<Fails> {
  static Tensor forward(torch::autograd::AutogradContext*, const Tensor& x) { return x.clone(); }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext*,
                                                 const torch::autograd::variable_list&) {
    throw Error({.who = "test", .expected = "a gradient", .got = "none"});
  }
};

TEST(GradientsInPlace, GiveTheirMemoryBackWhenABackwardPassFails) {
  const Layers layers;
  const std::vector<Tensor> parameters = layers.parameters();
  const void* held = layers.weight.grad().data_ptr();
  const auto step = [&] {
    GradientsInPlace scope(parameters);
    EXPECT_FALSE(layers.weight.grad().defined());
    Fails::apply(ops::linear(layers.x, layers.weight, {})).sum().backward();
    scope.finish();
  };
  EXPECT_THROW(step(), Error);
  EXPECT_EQ(layers.weight.grad().data_ptr(), held);
  EXPECT_FALSE(take_place(layers.weight)) << "the scope is over";
}

TEST(GradientsInPlace, AddUpWhereOneParameterServesTwoLayers) {
  const auto loss = [](const Layers& layers) {
    const Tensor h = linear(layers.x, layers.weight, layers.bias, Activation::tanh);
    const Tensor other = linear(2 * layers.x, layers.weight, layers.bias, Activation::sigmoid);
    return (h * other).sum();
  };
  const Layers by_autograd;
  for (const Tensor& parameter : by_autograd.parameters()) parameter.grad().zero_();
  loss(by_autograd).backward();
  const Layers in_place;
  const std::vector<Tensor> parameters = in_place.parameters();
  GradientsInPlace scope(parameters);
  loss(in_place).backward();
  scope.finish();
  for (size_t i = 0; i < 3; ++i)
    EXPECT_TRUE(parameters[i].grad().allclose(by_autograd.parameters()[i].grad(), 1e-5, 1e-5)) << i;
}

TEST(GradientsInPlace, FinishOnceAndLeaveWhatIsFrozenAtNought) {
  const Layers layers;
  const std::vector<Tensor> parameters = layers.parameters();
  layers.weight.requires_grad_(false);
  GradientsInPlace scope(parameters);
  ops::linear(layers.x, layers.weight, layers.bias).sum().backward();
  scope.finish();
  scope.finish();
  EXPECT_TRUE(layers.bias.grad().equal(at::full({4}, 6.0F)));
  EXPECT_TRUE(layers.weight.grad().equal(at::zeros({4, 5})));
}

TEST(GradientsInPlace, RefuseParametersWithoutMemoryAndRepeatedOnes) {
  const Layers layers;
  const std::vector<Tensor> twice{layers.weight, layers.weight};
  EXPECT_THROW(GradientsInPlace{twice}, Error);
  EXPECT_TRUE(layers.weight.grad().defined()) << "a refusal changes nothing";
  const std::vector<Tensor> one{layers.weight};
  const GradientsInPlace scope(one);
  EXPECT_THROW(GradientsInPlace{one}, Error);
}

TEST(GradientsInPlace, LeaveGradientsThatAreAskedForAloneOutsideTheirScope) {
  const Layers layers;
  EXPECT_FALSE(take_place(layers.weight));
  const Tensor gradient = torch::autograd::grad({layers.loss()}, {layers.weight})[0];
  EXPECT_TRUE(gradient.defined());
  EXPECT_TRUE(layers.weight.grad().equal(at::ones_like(layers.weight)));
}

TEST(GradientsInPlace, KnowAParameterAndItsTransposeAndNoOtherView) {
  const Layers layers;
  const std::vector<Tensor> parameters = layers.parameters();
  const void* held = layers.weight.grad().data_ptr();
  const GradientsInPlace scope(parameters);
  const GradientPlace first = take_place(layers.weight);
  EXPECT_EQ(first.memory.data_ptr(), held);
  EXPECT_FALSE(first.holds);
  const GradientPlace second = take_place(layers.weight.t());
  EXPECT_EQ(second.memory.sizes(), layers.weight.t().sizes());
  EXPECT_TRUE(second.holds) << "who took it first has written it";
  EXPECT_TRUE(take_place(layers.bias));
  EXPECT_FALSE(take_place(layers.weight.narrow(0, 0, 2)));
  EXPECT_FALSE(take_place(2 * layers.weight));
  EXPECT_FALSE(take_place(at::zeros({4, 5}))) << "no parameter";
}

}  // namespace
}  // namespace isthmus::ops
