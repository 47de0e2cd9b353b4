#include "isthmus/ops/bf16_products.hpp"

#include <optional>

#include <gtest/gtest.h>

#include "isthmus/core/noise.hpp"
#include "isthmus/ops/gradients_in_place.hpp"
#include "isthmus/ops/linear.hpp"

#include "tests/support/gradients.hpp"

namespace isthmus::ops {
namespace {

using test::relative_error;
using Tensors = std::vector<Tensor>;

TEST(Bf16Products, RoundToNearestInAnyStrides) {
  Noise noise(1);
  const Tensor x = noise.normal({5, 7});
  for (const Tensor& t : {x, x.t(), x.narrow(1, 2, 3)}) {
    EXPECT_TRUE(rounded(t).equal(t.to(at::kBFloat16)));
    EXPECT_EQ(rounded(t).scalar_type(), at::kBFloat16);
  }
}

TEST(Bf16Products, ReadTheShadowOfAWeightThatHasOne) {
  Noise noise(2);
  const Tensor values = noise.normal({40});
  const Shadow shadow{values, at::full({40}, 3, at::kBFloat16)};
  const Tensor weight = values.narrow(0, 10, 12).view({3, 4});
  EXPECT_TRUE(rounded(weight).equal(weight.to(at::kBFloat16))) << "outside the scope";
  EXPECT_FALSE(bf16_products());
  {
    const Bf16Products scope(shadow);
    EXPECT_TRUE(bf16_products());
    const Tensor low = rounded(weight);
    EXPECT_TRUE(low.equal(at::full({3, 4}, 3, at::kBFloat16)));
    EXPECT_EQ(low.const_data_ptr<at::BFloat16>(), shadow.rounded.const_data_ptr<at::BFloat16>() + 10);
    EXPECT_EQ(rounded(weight.t()).strides(), weight.t().strides());
    const Tensor other = noise.normal({3, 4});
    EXPECT_TRUE(rounded(other).equal(other.to(at::kBFloat16)));
  }
  EXPECT_FALSE(bf16_products());
}

TEST(Bf16Products, AreALayersWithinTheirRounding) {
  Noise noise(4);
  const Tensors inputs{noise.normal({50, 300}), noise.normal({100, 300}), noise.normal({100})};
  for (const Activation activation : {Activation::identity, Activation::relu, Activation::tanh}) {
    const auto exact = [&](const Tensors& t) { return reference::linear(t[0], t[1] / 10, t[2], activation); };
    const auto low = [&](auto layer) {
      return [&, layer](const Tensors& t) {
        const Bf16Products scope{{}};
        return layer(t[0], t[1] / 10, t[2], activation);
      };
    };
    for (const auto& layer : {&linear, &reference::linear}) {
      const Tensor y = low(layer)(inputs);
      EXPECT_EQ(y.scalar_type(), at::kFloat);
      const double off = relative_error(y, exact(inputs));
      EXPECT_LT(off, 2e-2);
      EXPECT_GT(off, 1e-6) << "else nothing was rounded";
      if (activation == Activation::relu) continue;  // which units are on differs, and with it the gradients
      const Tensors got = test::gradients_of(low(layer), inputs);
      const Tensors truth = test::gradients_of(exact, inputs);
      for (size_t i = 0; i < 3; ++i) EXPECT_LT(relative_error(got[i], truth[i]), 3e-2) << i;
    }
  }
}

TEST(Bf16Products, AddGradientsOfTiedWeightsInPlaceByTheirShadow) {
  Noise noise(5);
  const Tensor x = noise.normal({30, 50});
  const Tensor values = noise.normal({40 * 50}) / 7;
  const Shadow shadow{values, values.to(at::kBFloat16)};
  const auto gradient = [&](bool low) {
    const Tensor weight = values.view({40, 50}).detach().requires_grad_();
    weight.mutable_grad() = at::zeros({40, 50});
    const void* held = weight.grad().data_ptr();
    GradientsInPlace in_place({&weight, 1});
    std::optional<Bf16Products> scope;
    if (low) scope.emplace(shadow);
    const Tensor code = linear(x, weight, {}, Activation::tanh);
    ops::linear(code, weight.t(), {}).square().sum().backward();
    in_place.finish();
    EXPECT_EQ(weight.grad().data_ptr(), held);
    return weight.grad();
  };
  const double off = relative_error(gradient(true), gradient(false));
  EXPECT_LT(off, 2e-2);
  EXPECT_GT(off, 1e-6);
}

}  // namespace
}  // namespace isthmus::ops
