#include "isthmus/ops/batch_mean.hpp"

#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "isthmus/core/noise.hpp"

#include "tests/support/gradients.hpp"

namespace isthmus::ops {
namespace {

TEST(BatchMean, IsItsReferenceForwardAndBackward) {
  Noise noise(1);
  for (const auto& sizes : {std::vector<int64_t>{1}, {20}, {1000}, {3, 7}}) {
    const Tensor x = noise.normal(sizes);
    EXPECT_TRUE(batch_mean(x).allclose(reference::batch_mean(x), 1e-6, 1e-7));
    EXPECT_EQ(batch_mean(x).dim(), 0);
    const auto gradient = [&](auto mean) {
      return test::gradients_of([&](const auto& t) { return mean(t[0]) * 3; }, {x})[0];
    };
    EXPECT_TRUE(gradient(&batch_mean).allclose(gradient(&reference::batch_mean)));
  }
}

TEST(BatchMean, TakesOtherStridesAndTypes) {
  Noise noise(2);
  const Tensor x = noise.normal({6, 4});
  EXPECT_TRUE(batch_mean(x.t()).allclose(x.mean()));
  const Tensor wide = batch_mean(x.to(at::kDouble));
  EXPECT_EQ(wide.scalar_type(), at::kDouble);
  EXPECT_TRUE(batch_mean(at::empty({0})).isnan().item<bool>());
}

TEST(BatchMean, CanBeDifferentiatedAgain) {
  const Tensor x = Noise(3).normal({5}).requires_grad_();
  const Tensor dx = torch::autograd::grad({batch_mean(x.square())}, {x}, {}, true, true)[0];
  const Tensor again = torch::autograd::grad({dx.square().sum()}, {x})[0];
  EXPECT_TRUE(again.allclose(8 * x.detach() / 25));
}

TEST(BatchMean, AddsUpInFloat64) {
  Tensor x = at::full({1'000'000}, 0.1f);
  EXPECT_EQ(batch_mean(x).item<float>(), 0.1f);
}

}  // namespace
}  // namespace isthmus::ops
