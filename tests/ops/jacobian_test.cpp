#include "isthmus/ops/jacobian.hpp"

#include <cmath>
#include <memory>

#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "isthmus/core/error.hpp"
#include "isthmus/nn/backbone.hpp"
#include "isthmus/ops/linear.hpp"
#include "isthmus/ops/running_mean.hpp"

#include "tests/support/errors.hpp"
#include "tests/support/gradients.hpp"

namespace isthmus::ops {
namespace {

using Tensors = std::vector<Tensor>;

/// ‖J‖²_F, [batch], the slow way: one output of one example at a time, straight from autograd.
Tensor full_jacobian(const Encoding& f, const Tensor& x, bool graph = false) {
  Tensors sums;
  for (int64_t row = 0; row < x.size(0); ++row) {
    const Tensor one = x.narrow(0, row, 1).detach().set_requires_grad(true);
    const Tensor code = f(one);
    Tensor sum = at::zeros({}, x.options());
    for (int64_t unit = 0; unit < code.size(1); ++unit)
      sum = sum + torch::autograd::grad({code[0][unit]}, {one}, {}, true, graph)[0].square().sum();
    sums.push_back(sum);
  }
  return at::stack(sums);
}

/// An encoder, examples that suit it, and its code.
struct Case {
  const char* name;
  nn::Backbone backbone;
  Shape shape;
};

const std::vector<Case> cases{
    {"deep_tanh", {.hidden = {17, 9}, .activation = Activation::tanh}, {12}},
    {"deep_sigmoid", {.hidden = {17, 9, 11}, .activation = Activation::sigmoid}, {1, 3, 4}},
    {"deep_softplus", {.hidden = {8}, .activation = Activation::softplus}, {12}},
    {"conv",
     {.kind = nn::Architecture::conv, .hidden = {10}, .channels = {3, 4}, .activation = Activation::tanh},
     {2, 8, 8}},
};

class EncoderJacobian : public testing::TestWithParam<Case> {
 protected:
  static constexpr int64_t batch = 6, units = 7;

  EncoderJacobian() {
    Noise noise(1, Purpose::initialisation);
    encoder = nn::make_encoder(GetParam().backbone, GetParam().shape, units, noise);
    Shape sizes{batch};
    sizes.insert(sizes.end(), GetParam().shape.begin(), GetParam().shape.end());
    x = Noise(2).normal(sizes);
  }
  Encoding f() const {
    return [network = encoder](const Tensor& input) { return network->forward(input); };
  }
  Tensors gradients(const Tensor& penalty) const {
    return torch::autograd::grad({penalty.square().sum()}, encoder->parameters(), {}, false, false, true);
  }

  std::shared_ptr<nn::Network> encoder;
  Tensor x;
};

TEST_P(EncoderJacobian, IsAutogradsWhateverGoesThroughAtOnce) {
  const Tensor truth = full_jacobian(f(), x);
  for (const int64_t rows : {1, 4, 6, 13, 18, 1000})
    EXPECT_TRUE(squared_jacobian_norm(f(), x, rows).allclose(truth, 1e-5, 0)) << rows << " rows at once";
  encoder->to(at::kDouble);
  const Tensor wide = x.to(at::kDouble);
  EXPECT_TRUE(squared_jacobian_norm(f(), wide).allclose(full_jacobian(f(), wide), 1e-12, 0));
}

TEST_P(EncoderJacobian, HasTheGradientsOfAutograds) {
  encoder->to(at::kDouble);
  const Tensor wide = x.to(at::kDouble);
  const Tensors truth = gradients(full_jacobian(f(), wide, true));
  for (const int64_t rows : {4, 13, 1000}) {
    const Tensors ours = gradients(squared_jacobian_norm(f(), wide, rows));
    for (size_t i = 0; i < truth.size(); ++i) {
      ASSERT_EQ(ours[i].defined(), truth[i].defined());
      if (truth[i].defined()) {
        EXPECT_TRUE(ours[i].allclose(truth[i], 1e-9, 1e-12)) << i << ", " << rows;
      }
    }
  }
}

TEST_P(EncoderJacobian, HasTheGradientsOfAutogradsOnTheFusedPath) {
  const Tensors truth = gradients(full_jacobian(f(), x, true));
  const Tensors ours = gradients(squared_jacobian_norm(f(), x));
  for (size_t i = 0; i < truth.size(); ++i)
    if (truth[i].defined()) {
      EXPECT_LT((ours[i] - truth[i]).abs().max().item<double>(), 1e-5 * truth[i].abs().max().item<double>())
          << i;
    }
}

TEST_P(EncoderJacobian, IsNeededByNobodyWhereGradModeIsOff) {
  const Tensor with = squared_jacobian_norm(f(), x);
  EXPECT_TRUE(with.requires_grad());
  const at::NoGradGuard no_grad;
  const Tensor without = squared_jacobian_norm(f(), x);
  EXPECT_FALSE(without.requires_grad());
  EXPECT_FALSE(at::GradMode::is_enabled()) << "the caller's mode is kept";
  EXPECT_TRUE(without.allclose(with.detach(), 1e-6, 0));
  for (const Tensor& parameter : encoder->parameters()) EXPECT_FALSE(parameter.grad().defined());
}

TEST_P(EncoderJacobian, IsTheMeanOfItsEstimate) {
  const at::NoGradGuard no_grad;
  const Tensor truth = squared_jacobian_norm(f(), x).to(at::kDouble);
  std::vector<RunningMean> estimates(batch);
  for (int64_t draw = 0; draw < 500; ++draw) {
    Noise noise(3, Purpose::training, draw);
    const Tensor estimate = estimate_squared_jacobian_norm(f(), x, noise, 1 + draw % 3).to(at::kDouble);
    for (size_t row = 0; row < batch; ++row)
      estimates[row].add(estimate[static_cast<int64_t>(row)].item<double>());
  }
  for (size_t row = 0; row < batch; ++row) {
    EXPECT_NEAR(estimates[row].mean(), truth[static_cast<int64_t>(row)].item<double>(),
                4 * estimates[row].standard_error().value());
    EXPECT_GT(estimates[row].variance().value(), 0);
  }
}

INSTANTIATE_TEST_SUITE_P(Cases, EncoderJacobian, testing::ValuesIn(cases),
                         [](const auto& each) { return std::string(each.param.name); });

TEST(SquaredJacobianNorm, OfALinearMapIsThatOfItsMatrix) {
  const Tensor weight = Noise(4).normal({5, 8});
  const auto f = [&](const Tensor& x) { return x.mm(weight.t()); };
  const Tensor norm = squared_jacobian_norm(f, Noise(5).normal({3, 8}));
  EXPECT_TRUE(norm.allclose(weight.square().sum().expand({3})));
}

TEST(SquaredJacobianNorm, ReachesXWhereXIsAskedFor) {
  // f = x³ has ‖J‖² = Σ 9 x⁴, and the gradient of that is 36 x³.
  const auto cube = [](const Tensor& x) { return x * x * x; };
  const Tensor x = Noise(6).normal({4, 3}).to(at::kDouble).set_requires_grad(true);
  const Tensor norm = squared_jacobian_norm(cube, x, 8);
  EXPECT_TRUE(norm.allclose(9 * x.pow(4).sum(1), 1e-12));
  EXPECT_TRUE(torch::autograd::grad({norm.sum()}, {x})[0].allclose(36 * x.pow(3), 1e-12));
}

TEST(SquaredJacobianNorm, OfAConstantCodeIsZero) {
  const Tensor bias = at::ones({1, 4}).set_requires_grad(true);
  const auto constant = [&](const Tensor& x) { return bias.expand({x.size(0), 4}); };
  EXPECT_TRUE(squared_jacobian_norm(constant, at::ones({3, 2})).equal(at::zeros({3})));
}

TEST(SquaredJacobianNorm, RefusesWhatItCannotFollow) {
  const Tensor x = at::ones({3, 1, 2, 2});
  Noise noise(1);
  test::expect_error("[jacobian] expected a code of shape [batch, code], got 1x1x2x2 of one example",
                     [&] { squared_jacobian_norm([](const Tensor& y) { return 2 * y; }, x); });
  test::expect_error("autograd can follow back to x", [&] {
    squared_jacobian_norm([](const Tensor& y) { return y.detach().flatten(1); }, x);
  });
  const auto flat = [](const Tensor& y) { return y.flatten(1); };
  test::expect_error("0 probes", [&] { estimate_squared_jacobian_norm(flat, x, noise, 0); });
  test::expect_error("got 0x2,", [&] { squared_jacobian_norm(flat, at::ones({0, 2})); });
}

// Orthogonal rows make JJᵀ diagonal, and then every probe gives the exact norm.
TEST(EstimateSquaredJacobianNorm, IsExactWhereTheUnitsGradientsAreOrthogonal) {
  const Tensor scale = at::arange(1, 6, at::kDouble);
  const auto f = [&](const Tensor& x) { return x * scale; };
  Noise noise(7);
  const Tensor estimate = estimate_squared_jacobian_norm(f, at::ones({4, 5}, at::kDouble), noise);
  EXPECT_TRUE(estimate.allclose(at::full({4}, 55.0, at::kDouble), 1e-12));
}

// One unit repeated n times: JJᵀ is full of one number a, v ↦ a (Σ v)², whose variance is 2 a² (n² − n).
TEST(EstimateSquaredJacobianNorm, HasTheVarianceOfHutchinson) {
  const at::NoGradGuard no_grad;
  const auto f = [](const Tensor& x) { return x.expand({x.size(0), 4}) * 3; };
  Noise noise(8);
  const Tensor x = at::ones({20000, 1});
  const Tensor estimate = estimate_squared_jacobian_norm(f, x, noise).to(at::kDouble);
  EXPECT_NEAR(estimate.mean().item<double>(), 36, 4 * std::sqrt(1944.0 / 20000));
  EXPECT_NEAR(estimate.var().item<double>(), 1944, 1944 * 0.05);  // 2 · 9² · (4² − 4)
  const Tensor of_nine = estimate_squared_jacobian_norm(f, x, noise, 9).to(at::kDouble);
  EXPECT_NEAR(of_nine.var().item<double>(), 1944.0 / 9, 1944.0 / 9 * 0.05);
}

TEST(EstimateSquaredJacobianNorm, GivesRowsTheirOwnNoise) {
  const Tensor weight = Noise(4).normal({5, 8});
  const auto f = [&](const Tensor& x) { return at::tanh(x.mm(weight.t())); };
  const Tensor x = Noise(5).normal({6, 8});
  for (const int64_t rows : {2, 7, 1000}) {
    Noise noise(9);
    Noise tail(9, Purpose::training, 0, 2);
    const Tensor all = estimate_squared_jacobian_norm(f, x, noise, 3, rows);
    EXPECT_TRUE(all.narrow(0, 2, 4).allclose(estimate_squared_jacobian_norm(f, x.narrow(0, 2, 4), tail, 3)));
  }
}

TEST(EstimateSquaredJacobianNorm, HasTheGradientsOfDifferences) {
  Noise weights(10);
  const Tensor x = weights.normal({3, 5}).to(at::kDouble);
  test::check_gradients(
      [&](const Tensors& w) {
        Noise noise(11);
        const auto f = [&](const Tensor& input) {
          return linear(linear(input, w[0], w[1], Activation::tanh), w[2], w[3], Activation::sigmoid);
        };
        return estimate_squared_jacobian_norm(f, x, noise, 2);
      },
      {weights.normal({4, 5}), weights.normal({4}), weights.normal({3, 4}), weights.normal({3})});
}

TEST(SquaredJacobianNorm, HasTheGradientsOfDifferences) {
  Noise weights(12);
  const Tensor x = weights.normal({3, 5}).to(at::kDouble);
  test::check_gradients(
      [&](const Tensors& w) {
        const auto f = [&](const Tensor& input) {
          return linear(linear(input, w[0], w[1], Activation::sigmoid), w[2], w[3], Activation::tanh);
        };
        return squared_jacobian_norm(f, x, 5);
      },
      {weights.normal({4, 5}), weights.normal({4}), weights.normal({3, 4}), weights.normal({3})});
}

}  // namespace
}  // namespace isthmus::ops
