#include "isthmus/distributions/bernoulli.hpp"

#include <cmath>

#include <gtest/gtest.h>

namespace isthmus::distributions {
namespace {

TEST(Bernoulli, HasTheProbabilitiesOfItsLogits) {
  const double p = 1 / (1 + std::exp(-1.5));
  const Tensor logits = at::full({1}, 1.5, at::kDouble);
  EXPECT_NEAR(bernoulli::log_prob(logits, at::ones({1}, at::kDouble)).item<double>(), std::log(p), 1e-12);
  EXPECT_NEAR(bernoulli::log_prob(logits, at::zeros({1}, at::kDouble)).item<double>(), std::log(1 - p),
              1e-12);
}

TEST(Bernoulli, HasTheDivergenceOfASum) {
  const Tensor q = at::tensor({0.3, -2.0, 40.0}, at::kDouble);
  const Tensor p = at::tensor({-1.0, 0.5, 38.0}, at::kDouble);
  double sum = 0;
  for (int64_t i = 0; i < 3; ++i)
    for (const double x : {0.0, 1.0}) {
      const Tensor value = at::full({1}, x, at::kDouble);
      const double log_q = bernoulli::log_prob(q.narrow(0, i, 1), value).item<double>();
      sum += std::exp(log_q) * (log_q - bernoulli::log_prob(p.narrow(0, i, 1), value).item<double>());
    }
  EXPECT_NEAR(bernoulli::kl(q, p).item<double>(), sum, 1e-12);
  EXPECT_EQ(bernoulli::kl(q, q).item<double>(), 0);
}

TEST(Bernoulli, DrawsWithItsMean) {
  Noise noise(1);
  const Tensor x = bernoulli::draw(at::tensor({-1.0F, 2.0F}).expand({20000, 2}), noise);
  EXPECT_TRUE(x.mean(0).allclose(at::sigmoid(at::tensor({-1.0F, 2.0F})), 0, 0.015));
  EXPECT_TRUE((x * (1 - x)).equal(at::zeros_like(x)));
}

TEST(Bernoulli, KlOfMeansIsThatOfLogits) {
  const Tensor p = at::tensor({0.2F, 0.05F, 0.9F});
  const Tensor q = at::full({3}, 0.05F);
  EXPECT_NEAR(bernoulli::kl_of_means(0.05, p).item<double>(),
              bernoulli::kl(at::logit(q), at::logit(p)).item<double>(), 1e-6);
  EXPECT_NEAR(bernoulli::kl_of_means(0.3, at::full({4}, 0.3F)).item<double>(), 0, 1e-6);
  EXPECT_TRUE(std::isfinite(bernoulli::kl_of_means(0.05, at::tensor({0.0F, 1.0F})).item<double>()));
}

}  // namespace
}  // namespace isthmus::distributions
