#include "isthmus/ops/logistic_regression.hpp"

#include <cmath>

#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include "isthmus/core/noise.hpp"

namespace isthmus::ops {
namespace {

TEST(LogisticRegression, WithoutFeaturesTheBiasIsTheLogOdds) {
  // 3 of 4 rows are class 1: p = 1/4, 3/4, and the loss is the entropy.
  const Tensor labels = at::tensor({1, 1, 0, 1}, at::kLong);
  const auto fit = fit_logistic_regression(at::zeros({4, 1}), labels, 2, 0, 100);
  EXPECT_TRUE(fit.converged);
  EXPECT_NEAR((fit.bias[1] - fit.bias[0]).item<double>(), std::log(3.0), 1e-4);
  EXPECT_NEAR(fit.loss, -(0.25 * std::log(0.25) + 0.75 * std::log(0.75)), 1e-8);
}

// The gradient by autograd is zero at what was found, so the loss is the one that is documented.
TEST(LogisticRegression, IsAStationaryPointOfTheDocumentedLoss) {
  Noise noise(3);
  const Tensor x = noise.normal({9000, 4});  // more than two blocks
  const Tensor labels = (x.mm(noise.normal({4, 3})) + noise.gumbel({9000, 3})).argmax(1);
  const double l2 = 40;
  const auto fit = fit_logistic_regression(x, labels, 3, l2, 500);
  ASSERT_TRUE(fit.converged);
  const Tensor weight = fit.weight.clone().requires_grad_();
  const Tensor bias = fit.bias.clone().requires_grad_();
  const Tensor loss = at::cross_entropy_loss(at::addmm(bias, x.to(at::kDouble), weight.t()), labels) +
                      0.5 * l2 * weight.square().sum() / 9000;
  EXPECT_NEAR(loss.item<double>(), fit.loss, 1e-12);
  loss.backward();
  EXPECT_LT(weight.grad().abs().max().item<double>(), 1.01e-5);
  EXPECT_LT(bias.grad().abs().max().item<double>(), 1.01e-5);
}

TEST(LogisticRegression, FindsTheWeightsThatMadeTheLabels) {
  Noise noise(5);
  const Tensor truth = noise.normal({3, 4}).to(at::kDouble);
  const Tensor x = noise.normal({40000, 4});
  const Tensor labels = (x.mm(truth.t().to(at::kFloat)) + noise.gumbel({40000, 3})).argmax(1);
  const auto fit = fit_logistic_regression(x, labels, 3, 0, 500);
  // Weights are known up to a shift that is common to all classes.
  const Tensor difference = (fit.weight - fit.weight.mean(0)) - (truth - truth.mean(0));
  EXPECT_LT(difference.abs().max().item<double>(), 0.08);  // about 4 standard errors
}

TEST(LogisticRegression, SeparatesWhatIsSeparable) {
  const Tensor x = at::tensor({-2.0, -1.0, 1.0, 2.0}).view({4, 1}).to(at::kFloat);
  const Tensor labels = at::tensor({0, 0, 1, 1}, at::kLong);
  const auto fit = fit_logistic_regression(x, labels, 2, 0.01, 100);
  EXPECT_TRUE(fit.converged);
  EXPECT_TRUE(fit.classify(x).equal(labels));
}

// A feature that only a few rows have, which a sample of the rows may miss; one that is there twice; one that
// never changes; scales far apart.
TEST(LogisticRegression, ConvergesInFewStepsWhateverTheFeaturesAreLike) {
  Noise noise(11);
  const int64_t n = 20000;
  Tensor x = noise.normal({n, 8});
  x.select(1, 1).copy_((at::arange(n) % 1999 == 7) * 40);
  x.select(1, 3).copy_(x.select(1, 2));
  x.select(1, 4).fill_(1);
  x.select(1, 5).mul_(100);
  const Tensor labels = (x.slice(1, 0, 3).mm(noise.normal({3, 10})) + noise.gumbel({n, 10})).argmax(1);
  const auto fit = fit_logistic_regression(x, labels, 10, 1, 1000);
  EXPECT_TRUE(fit.converged);
  EXPECT_LT(fit.iterations, 100);
  EXPECT_NEAR((fit.weight.select(1, 2) - fit.weight.select(1, 3)).abs().max().item<double>(), 0, 1e-3)
      << "twins share the weight, or the penalty would not be least";
}

TEST(LogisticRegression, IsTheSameOnAnyNumberOfThreads) {
  Noise noise(9);
  // Wide enough for a matrix product, or a triangular solution, to be shared out among threads.
  const Tensor x = noise.normal({2000, 600});
  const Tensor labels = x.narrow(1, 0, 10).argmax(1);
  const int before = at::get_num_threads();
  at::set_num_threads(1);
  const auto one = fit_logistic_regression(x, labels, 10, 1, 5);
  at::set_num_threads(2);
  const auto two = fit_logistic_regression(x, labels, 10, 1, 5);
  at::set_num_threads(before);
  EXPECT_TRUE(one.weight.equal(two.weight));
  EXPECT_TRUE(one.bias.equal(two.bias));
  EXPECT_EQ(one.loss, two.loss);
}

}  // namespace
}  // namespace isthmus::ops
