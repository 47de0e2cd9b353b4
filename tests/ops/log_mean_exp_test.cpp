#include "isthmus/ops/log_mean_exp.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace isthmus::ops {
namespace {

LogMeanExp of(const std::vector<double>& weights) {
  LogMeanExp result;
  for (const double weight : weights) result.add(weight);
  return result;
}

TEST(LogMeanExp, AgreesWithTheFormulas) {
  // Weights 1, 2, 3, 6: mean 3, Σ = 12, Σ² = 50, sample variance 14/3.
  const auto result = of({std::log(2.0), 0, std::log(6.0), std::log(3.0)});
  EXPECT_NEAR(result.value(), std::log(3.0), 1e-15);
  EXPECT_NEAR(result.effective_sample_size(), 144.0 / 50, 1e-14);
  EXPECT_NEAR(result.largest_share(), 0.5, 1e-15);
  EXPECT_NEAR(result.variance(), 14.0 / 3 / (4 * 9), 1e-14);
}

TEST(LogMeanExp, NeitherOverflowsNorUnderflows) {
  EXPECT_NEAR(of({-1000, -1000}).value(), -1000, 1e-12);
  EXPECT_NEAR(of({1000, 1000 + std::log(3.0)}).value(), 1000 + std::log(2.0), 1e-12);
  EXPECT_NEAR(of({-2000, 500}).value(), 500 - std::log(2.0), 1e-12);
}

TEST(LogMeanExp, OrderDoesNotMatter) {
  const std::vector<double> rising{-50, -3, 0, 1, 2.5};
  EXPECT_NEAR(of(rising).value(), of({rising.rbegin(), rising.rend()}).value(), 1e-14);
  EXPECT_NEAR(of(rising).variance(), of({rising.rbegin(), rising.rend()}).variance(), 1e-14);
}

TEST(LogMeanExp, EqualWeightsAreAllEffective) {
  const auto result = of(std::vector<double>(100, -237.15));
  EXPECT_NEAR(result.value(), -237.15, 1e-12);
  EXPECT_DOUBLE_EQ(result.effective_sample_size(), 100);
  EXPECT_DOUBLE_EQ(result.variance(), 0);
}

TEST(LogMeanExp, ADrawOfWeightZeroCountsAsADraw) {
  const double zero = -std::numeric_limits<double>::infinity();
  EXPECT_NEAR(of({zero, 0}).value(), -std::log(2.0), 1e-15);
  EXPECT_EQ(of({zero, zero}).value(), zero);
}

TEST(LogMeanExp, OneDrawSaysNothingOfItsSpread) {
  EXPECT_TRUE(std::isnan(of({1.0}).variance()));
}

TEST(LogMeanExpOfATensor, IsThatOfTheStreamAndItsGradientIsTheShares) {
  const Tensor weights = at::tensor({-237.15, -240.0, -1000.0, 300.0, 301.0, -200.0}, at::kDouble)
                             .view({2, 3})
                             .requires_grad_(true);
  const Tensor both = log_mean_exp(weights, 1);
  EXPECT_NEAR(both[0].item<double>(), of({-237.15, -240.0, -1000.0}).value(), 1e-12);
  EXPECT_NEAR(both[1].item<double>(), of({300.0, 301.0, -200.0}).value(), 1e-12);
  both.sum().backward();
  EXPECT_TRUE(weights.grad().allclose(at::softmax(weights, 1)));
}

TEST(LogMeanExpOfATensor, IsTheOneWeightBitForBit) {
  const Tensor weights = at::tensor({-237.15F, 12.3F}, at::kFloat).view({2, 1});
  EXPECT_TRUE(log_mean_exp(weights, 1).equal(weights.squeeze(1)));
}

}  // namespace
}  // namespace isthmus::ops
