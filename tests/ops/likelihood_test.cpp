#include "isthmus/ops/likelihood.hpp"

#include <cmath>
#include <numbers>

#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "isthmus/core/error.hpp"
#include "isthmus/core/noise.hpp"
#include "isthmus/ops/fused.hpp"

#include "tests/support/gradients.hpp"

namespace isthmus::ops {
namespace {

using test::expect_near;
using Tensors = std::vector<Tensor>;

struct Sizes {
  int64_t examples, repeat, columns;
};

const Sizes all_sizes[] = {{1, 1, 1},  {3, 1, 7},     {3, 4, 7},   {2, 5, 16},
                           {5, 3, 33}, {100, 1, 784}, {4, 50, 784}};

void expect_same_gradients(const std::function<Tensor(const Tensors&)>& fused,
                           const std::function<Tensor(const Tensors&)>& truth, const Tensors& inputs) {
  expect_near(fused(inputs), truth(inputs), "value");
  const Tensors got = test::gradients_of(fused, inputs);
  const Tensors expected = test::gradients_of(truth, inputs);
  for (size_t i = 0; i < expected.size(); ++i) expect_near(got[i], expected[i], "gradient");
  const at::NoGradGuard no_grad;
  expect_near(fused(inputs), truth(inputs), "value without grad");
}

TEST(BernoulliLikelihood, IsItsReferenceForwardAndBackward) {
  for (const Sizes& s : all_sizes) {
    Noise noise(1);
    const Tensor logits = 3 * noise.normal({s.examples * s.repeat, s.columns});
    const Tensor x = noise.bernoulli(at::full({s.examples, s.columns}, 0.3F));
    ASSERT_TRUE(eligible(logits, x));
    expect_same_gradients(
        [&](const Tensors& t) { return ops::bernoulli_log_likelihood(t[0], x, s.repeat); },
        [&](const Tensors& t) { return reference::bernoulli_log_likelihood(t[0], x, s.repeat); }, {logits});
  }
}

TEST(BernoulliLikelihood, IsOneOverAllImages) {
  Noise noise(2);
  const Tensor logits = 4 * noise.normal({1, 4});
  Tensor images = at::zeros({16, 4});
  for (int64_t i = 0; i < 16; ++i)
    for (int64_t bit = 0; bit < 4; ++bit) images[i][bit] = static_cast<float>(i >> bit & 1);
  EXPECT_NEAR(at::exp(ops::bernoulli_log_likelihood(logits.expand({16, 4}).contiguous(), images))
                  .sum()
                  .item<double>(),
              1, 1e-6);
}

TEST(BernoulliLikelihood, StaysFiniteForSureLogits) {
  const Tensor logits = at::tensor({-200.0F, 200.0F}).view({1, 2}).set_requires_grad(true);
  const Tensor log_p = ops::bernoulli_log_likelihood(logits, at::tensor({1.0F, 1.0F}).view({1, 2}));
  EXPECT_FLOAT_EQ(log_p.item<float>(), -200);
  log_p.sum().backward();
  EXPECT_TRUE(logits.grad().allclose(at::tensor({1.0F, 0.0F}).view({1, 2})));
}

TEST(BernoulliLikelihood, GivesGradientsOfXByItsReference) {
  Noise noise(3);
  const Tensor logits = noise.normal({2, 3});
  const Tensor x = at::zeros({2, 3}).set_requires_grad(true);
  ops::bernoulli_log_likelihood(logits, x).sum().backward();
  EXPECT_TRUE(x.grad().allclose(logits));
}

/// The log-variances that the op takes: one number, one a column, one an element.
Tensors variances(const Sizes& s, Noise& noise) {
  return {noise.normal({1}).squeeze(), noise.normal({s.columns}),
          noise.normal({s.examples * s.repeat, s.columns})};
}

TEST(GaussianLikelihood, IsItsReferenceForwardAndBackward) {
  for (const Sizes& s : all_sizes) {
    Noise noise(4);
    const Tensor mean = noise.normal({s.examples * s.repeat, s.columns});
    const Tensor x = noise.normal({s.examples, s.columns});
    for (const Tensor& log_variance : variances(s, noise))
      expect_same_gradients(
          [&](const Tensors& t) { return ops::gaussian_log_likelihood(t[0], t[1], x, s.repeat); },
          [&](const Tensors& t) { return reference::gaussian_log_likelihood(t[0], t[1], x, s.repeat); },
          {mean, log_variance});
  }
}

TEST(GaussianLikelihood, HasItsConstant) {
  const Tensor log_p = ops::gaussian_log_likelihood(at::zeros({1, 2}), at::full({}, std::log(4.0F)),
                                                    at::tensor({0.0F, 2.0F}).view({1, 2}));
  EXPECT_NEAR(log_p.item<double>(), -std::log(2 * std::numbers::pi) - std::log(4.0) - 0.5, 1e-6);
}

TEST(Likelihoods, RefuseShapesThatDoNotAgree) {
  const Tensor parameters = at::zeros({6, 4});
  EXPECT_THROW(ops::bernoulli_log_likelihood(parameters, at::zeros({2, 4}), 2), Error);
  EXPECT_THROW(ops::bernoulli_log_likelihood(parameters, at::zeros({6, 3})), Error);
  EXPECT_THROW(ops::gaussian_log_likelihood(parameters, at::zeros({}), at::zeros({6}), 1), Error);
  // Variances of half the rows would broadcast over the examples.
  for (const std::vector<int64_t>& spread : {std::vector<int64_t>{2, 4}, {3}, {1, 4}, {1}})
    EXPECT_THROW(ops::gaussian_log_likelihood(parameters, at::zeros(spread), at::zeros({3, 4}), 2), Error);
}

TEST(LikelihoodGradients, AreThoseOfDifferences) {
  Noise noise(5);
  const Tensor x = noise.bernoulli(at::full({2, 3}, 0.5F)).to(at::kDouble);
  test::check_gradients([&](const Tensors& t) { return reference::bernoulli_log_likelihood(t[0], x, 2); },
                        {noise.normal({4, 3})});
  for (const Tensor& log_variance : variances({2, 2, 3}, noise))
    test::check_gradients(
        [&](const Tensors& t) { return reference::gaussian_log_likelihood(t[0], t[1], x, 2); },
        {noise.normal({4, 3}), log_variance});
}

/// Logits as a layer makes them, of [6, 4] weights.
Tensor made_of(const Tensor& weight) {
  return weight * 2;
}

TEST(LikelihoodGradients, AreWrittenOverWhatNobodyReadsAgain) {
  Noise noise(7);
  const Tensor x = noise.bernoulli(at::full({2, 4}, 0.5F));
  const Tensor weight = noise.normal({6, 4}).requires_grad_();
  const auto bernoulli = [&](const Tensor& l) { return ops::bernoulli_log_likelihood(l, x, 3).sum(); };
  const auto gaussian = [&](const Tensor& l) {
    return ops::gaussian_log_likelihood(l, at::zeros({}), x, 3).sum();
  };
  const auto gradient = [&](const Tensor& loss, bool retain = false) {
    return torch::autograd::grad({loss}, {weight}, {}, retain)[0];
  };
  for (const std::function<Tensor(const Tensor&)>& likelihood :
       {std::function<Tensor(const Tensor&)>(bernoulli), {gaussian}}) {
    const Tensor kept = made_of(weight);
    const Tensor before = kept.detach().clone();
    const Tensor truth = gradient(likelihood(kept));
    EXPECT_TRUE(kept.equal(before)) << "somebody holds them";

    const Tensor aliased = made_of(weight).detach();
    const auto shares = [&] {
      const Tensor logits = made_of(weight);
      aliased.set_data(logits.detach());
      return likelihood(logits);
    };
    EXPECT_TRUE(gradient(shares()).equal(truth));
    EXPECT_TRUE(aliased.equal(before)) << "somebody holds their memory";

    const Tensor again = likelihood(made_of(weight));
    EXPECT_TRUE(gradient(again, true).equal(truth));
    EXPECT_TRUE(gradient(again, true).equal(truth)) << "the graph was kept";

    const void* memory = nullptr;
    const void* written = nullptr;
    const auto alone = [&] {
      const Tensor logits = made_of(weight);
      memory = logits.const_data_ptr();
      logits.register_hook([&](const Tensor& g) { written = g.const_data_ptr(); });
      return likelihood(logits);
    };
    EXPECT_TRUE(gradient(alone()).equal(truth));
    EXPECT_EQ(written, memory) << "no second matrix of this size";
  }
}

TEST(LikelihoodGradients, CanBeDifferentiatedAgain) {
  Noise noise(6);
  const Tensor start = noise.normal({4, 3});
  const Tensor x = noise.bernoulli(at::full({2, 3}, 0.5F));
  const auto second = [&](auto likelihood) {
    const Tensor parameter = start.detach().set_requires_grad(true);
    const Tensor first = torch::autograd::grad({likelihood(parameter)}, {parameter}, {}, true, true)[0];
    return torch::autograd::grad({(first * at::arange(12).view({4, 3})).sum()}, {parameter})[0];
  };
  expect_near(
      second([&](const Tensor& l) { return ops::bernoulli_log_likelihood(l, x, 2).square().sum(); }),
      second([&](const Tensor& l) { return reference::bernoulli_log_likelihood(l, x, 2).square().sum(); }),
      "bernoulli");
  for (const Tensor& log_variance : variances({2, 2, 3}, noise))
    expect_near(second([&](const Tensor& m) {
                  return ops::gaussian_log_likelihood(m, log_variance + m.sum(), x, 2).square().sum();
                }),
                second([&](const Tensor& m) {
                  return reference::gaussian_log_likelihood(m, log_variance + m.sum(), x, 2).square().sum();
                }),
                "gaussian");
}

}  // namespace
}  // namespace isthmus::ops
