#include "isthmus/nn/stochastic_layer.hpp"

#include <gtest/gtest.h>

#include "isthmus/nn/frozen.hpp"

namespace isthmus::nn {
namespace {

TEST(StochasticLayer, GoesUpAndDownInAnyNumberOfDimensions) {
  Noise noise(1);
  StochasticLayer layer(4, {6, 5}, 2, Activation::tanh, noise);
  const Tensor z = noise.normal({3, 7, 4});
  const auto [mean, log_variance] = layer.up(z);
  EXPECT_EQ(mean.sizes(), (std::vector<int64_t>{3, 7, 2}));
  EXPECT_EQ(log_variance.sizes(), mean.sizes());
  EXPECT_TRUE(layer.up(z.select(1, 3)).mean.allclose(mean.select(1, 3), 1e-5, 1e-6));
  EXPECT_EQ(layer.down(mean).mean.sizes(), z.sizes());
  // The mirror image: 2-5-6-8 down where 4-6-5-4 goes up.
  EXPECT_EQ(layer.named_parameters()["up.layer0.weight"].size(0), 6);
  EXPECT_EQ(layer.named_parameters()["down.layer0.weight"].size(0), 5);
}

TEST(Frozen, GivesInputsAGradientAndParametersNone) {
  Noise noise(1);
  StochasticLayer layer(4, {6}, 2, Activation::tanh, noise);
  const Tensor z = noise.normal({3, 4}).requires_grad_(true);
  Tensor frozen;
  const Tensor live = layer.up(z).mean;
  {
    const Frozen guard(layer);
    frozen = layer.up(z).mean;
  }
  EXPECT_TRUE(frozen.equal(live));
  frozen.sum().backward();
  const Tensor through_frozen = z.grad().clone();
  for (const Tensor& parameter : layer.parameters()) {
    EXPECT_FALSE(parameter.grad().defined());
    EXPECT_TRUE(parameter.requires_grad());
  }
  z.mutable_grad().zero_();
  live.sum().backward();  // a graph from before is as it was
  EXPECT_TRUE(z.grad().allclose(through_frozen, 1e-5, 1e-6));
  EXPECT_TRUE(layer.named_parameters()["up.layer0.weight"].grad().defined());
}

}  // namespace
}  // namespace isthmus::nn
