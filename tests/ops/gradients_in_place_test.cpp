#include "isthmus/ops/gradients_in_place.hpp"

#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

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

TEST(GradientsInPlace, AddWhatAutogradAddsTiedWeightsIncluded) {
  const Layers by_autograd;
  by_autograd.loss().backward();
  const Layers in_place;
  const void* held = in_place.weight.grad().data_ptr();
  {
    const GradientsInPlace scope;
    in_place.loss().backward();
  }
  EXPECT_EQ(in_place.weight.grad().data_ptr(), held);
  for (size_t i = 0; i < 3; ++i)
    EXPECT_TRUE(in_place.parameters()[i].grad().allclose(by_autograd.parameters()[i].grad(), 1e-5, 1e-5))
        << i;
}

TEST(GradientsInPlace, LeaveGradientsThatAreAskedForAloneOutsideTheirScope) {
  const Layers layers;
  EXPECT_FALSE(place_of_gradient(layers.weight).defined());
  const Tensor gradient = torch::autograd::grad({layers.loss()}, {layers.weight})[0];
  EXPECT_TRUE(gradient.defined());
  EXPECT_TRUE(layers.weight.grad().equal(at::ones_like(layers.weight)));
}

TEST(GradientsInPlace, KnowAParameterAndItsTransposeAndNoOtherView) {
  const Layers layers;
  const GradientsInPlace scope;
  EXPECT_EQ(place_of_gradient(layers.weight).data_ptr(), layers.weight.grad().data_ptr());
  EXPECT_EQ(place_of_gradient(layers.weight.t()).sizes(), layers.weight.t().sizes());
  EXPECT_FALSE(place_of_gradient(layers.weight.narrow(0, 0, 2)).defined());
  EXPECT_FALSE(place_of_gradient(2 * layers.weight).defined());
  EXPECT_FALSE(place_of_gradient(at::zeros({4, 5})).defined()) << "no parameter";
}

}  // namespace
}  // namespace isthmus::ops
