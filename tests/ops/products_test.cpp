#include "isthmus/ops/products.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <string>
#include <vector>

#include <ATen/record_function.h>
#include <gtest/gtest.h>

#include "isthmus/core/error.hpp"
#include "isthmus/core/noise.hpp"
#include "isthmus/kernels/bfloat16_product.hpp"
#include "isthmus/ops/fused.hpp"

#include "tests/support/gradients.hpp"

namespace isthmus::ops {
namespace {

using test::relative_error;

/// The same numbers, by rows, by columns, and with gaps in both.
std::vector<Tensor> layouts(const Tensor& t) {
  const Tensor gaps = at::zeros({2 * t.size(0), 2 * t.size(1)}, t.options());
  const Tensor spread = gaps.slice(0, 0, gaps.size(0), 2).slice(1, 0, gaps.size(1), 2);
  spread.copy_(t);
  return {t, t.t().clone(at::MemoryFormat::Contiguous).t(), spread};
}

class Products : public testing::TestWithParam<at::ScalarType> {
 protected:
  bool low() const { return GetParam() == at::kBFloat16; }
  /// Matrices with gaps in their rows and columns go to torch, which rounds its products.
  double most(std::initializer_list<Tensor> matrices) const {
    const bool gaps = std::ranges::any_of(
        matrices, [](const Tensor& t) { return t.numel() > 1 && t.stride(0) > 1 && t.stride(1) > 1; });
    const bool exact = !kernels::bfloat16_ways().empty() && fused_paths_allowed() && !gaps;
    return low() && !exact ? 5e-3 : 1e-5;
  }
};

TEST_P(Products, AreThoseOfFloat64WhateverTheStrides) {
  Noise noise(3);
  for (const auto& [rows, in, out] : {std::array{1, 1, 1}, {3, 5, 7}, {33, 100, 65}, {100, 784, 200}}) {
    const Tensor x0 = noise.normal({rows, in}).to(GetParam());
    const Tensor w0 = noise.normal({out, in}).to(GetParam());
    const Tensor g0 = noise.normal({rows, out}).to(GetParam());
    const Tensor bias = noise.normal({out});
    const auto wide = [](const Tensor& t) { return t.to(at::kDouble); };
    const Tensor y = wide(x0).mm(wide(w0).t());
    const Tensor dx = wide(g0).mm(wide(w0));
    const Tensor dw = wide(g0).t().mm(wide(x0));
    for (const Tensor& w : layouts(w0)) {
      for (const Tensor& x : layouts(x0)) {
        EXPECT_EQ(layer_product(x, w).scalar_type(), at::kFloat);
        EXPECT_LT(relative_error(layer_product(x, w), y), most({x, w}));
        EXPECT_LT(relative_error(layer_product(x, w, bias), y + bias), most({x, w}));
        EXPECT_LT(relative_error(layer_product(x, w, bias, Activation::softplus), at::softplus(y + bias)),
                  most({x, w}));
        EXPECT_LT(relative_error(layer_product(x, w, {}, Activation::sigmoid), y.sigmoid()), most({x, w}));
      }
      for (const Tensor& g : layouts(g0)) EXPECT_LT(relative_error(input_product(g, w), dx), most({g, w}));
    }
    const Tensor start = noise.normal({out, in});
    for (const Tensor& g : layouts(g0))
      for (const Tensor& x : layouts(x0)) {
        EXPECT_LT(relative_error(weight_product(g, x), dw), most({g, x}));
        for (const bool holds : {false, true})
          for (const Tensor& place : layouts(start.clone())) {
            put_weight_product({place, holds}, g, x);
            EXPECT_LT(relative_error(place, holds ? start + dw : dw), most({g, x, place}));
          }
      }
  }
}

TEST(FloatProducts, AreTheSameByWhoeverMultiplies) {
  Noise noise(4);
  const Tensor x = noise.normal({30, 100});
  const Tensor weight = noise.normal({70, 100});
  const Tensor g = noise.normal({30, 70});
  const Tensor bias = noise.normal({70});
  const Tensor y = (x.to(at::kDouble).mm(weight.to(at::kDouble).t()) + bias).relu();
  for (const Multiplier by : {Multiplier::kernel, Multiplier::mkl, Multiplier::torch}) {
    if (by == Multiplier::mkl && !at::hasMKL()) continue;
    const FloatProductsBy chosen(by);
    EXPECT_EQ(float_multiplier(), by);
    EXPECT_LT(relative_error(layer_product(x, weight, bias, Activation::relu), y), 1e-5);
    EXPECT_LT(relative_error(input_product(g, weight), g.to(at::kDouble).mm(weight.to(at::kDouble))), 1e-5);
    EXPECT_LT(relative_error(weight_product(g, x), g.to(at::kDouble).t().mm(x.to(at::kDouble))), 1e-5);
  }
}

TEST_P(Products, OfNoRowsAreNought) {
  const Tensor none = at::empty({0, 5}, GetParam());
  EXPECT_EQ(layer_product(none, at::ones({3, 5}, GetParam())).sizes(), (std::vector<int64_t>{0, 3}));
  const Tensor place = at::ones({5, 3});
  put_weight_product({place, true}, none, at::empty({0, 3}, GetParam()));
  EXPECT_TRUE(place.equal(at::ones({5, 3})));
  EXPECT_TRUE(weight_product(none, at::empty({0, 3}, GetParam())).equal(at::zeros({5, 3})));
}

TEST_P(Products, RefuseWhatDoesNotAgree) {
  const Tensor x = at::ones({6, 4}, GetParam());
  const Tensor weight = at::ones({3, 5}, GetParam());
  EXPECT_THROW(layer_product(x, weight), Error);
  EXPECT_THROW(input_product(x, weight), Error);
  EXPECT_THROW(weight_product(x, weight), Error);
  EXPECT_THROW(put_weight_product({at::ones({4, 4})}, x, at::ones({6, 5}, GetParam())), Error);
  EXPECT_THROW(layer_product(x.unsqueeze(0), weight), Error) << "no matrix";
  EXPECT_THROW(layer_product(x, at::ones({3, 4}, at::kDouble)), Error) << "other numbers";
  EXPECT_THROW(layer_product(x, at::ones({3, 4}, GetParam()), at::ones({4})), Error) << "a bias";
  const Tensor good = at::ones({3, 4}, GetParam());
  EXPECT_NO_THROW(layer_product(x, good, at::ones({3})));
  EXPECT_THROW(layer_product(x, good, at::ones({1}).expand({3})), Error) << "a bias of one number, spread";
  EXPECT_THROW(layer_product(x, good, at::ones({6}).slice(0, 0, 6, 2)), Error) << "a bias with gaps";
  EXPECT_THROW(layer_product(x, good, at::ones({3}, at::kDouble)), Error) << "a bias of other numbers";
  EXPECT_THROW(layer_product(x, good, at::ones({1, 3})), Error) << "a bias in a row";
}

TEST_P(Products, AreToldUnderTheirNames) {
  static std::vector<std::string> told;
  told.clear();
  const auto handle = at::addThreadLocalCallback(
      at::RecordFunctionCallback([](const at::RecordFunction& f) -> std::unique_ptr<at::ObserverContext> {
        if (std::string(f.name()).starts_with("isthmus::")) told.emplace_back(f.name());
        return nullptr;
      }).scopes({at::RecordScope::FUNCTION}));
  const Tensor square = at::ones({4, 4}, GetParam());
  layer_product(square, square);
  input_product(square, square);
  weight_product(square, square);
  put_weight_product({at::zeros({4, 4})}, square, square);
  at::removeCallback(handle);
  EXPECT_EQ(told, (std::vector<std::string>{std::string(layer_product_name), std::string(input_product_name),
                                            std::string(weight_product_name),
                                            std::string(put_weight_product_name)}));
}

INSTANTIATE_TEST_SUITE_P(Types, Products, testing::Values(at::kFloat, at::kBFloat16),
                         [](const auto& type) { return std::string(c10::toString(type.param)); });

}  // namespace
}  // namespace isthmus::ops
