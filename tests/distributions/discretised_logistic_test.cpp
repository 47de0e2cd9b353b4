#include "isthmus/distributions/discretised_logistic.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "isthmus/ops/discretised_logistic.hpp"

namespace isthmus::distributions {
namespace {

const Tensor bins = at::arange(256, at::kFloat) / 255;

Tensor number(double value) {
  return at::full({1}, value, at::kFloat);
}

TEST(DiscretisedLogistic, DrawsWithItsProbabilities) {
  Noise noise(1);
  const double scale = 0.1;
  const Tensor mean = at::full({40000, 1}, 0.5F);
  const Tensor x = discretised_logistic::draw(mean, number(std::log(scale)), noise);
  EXPECT_TRUE((x * 255).round().div(255).allclose(x));
  const Tensor p = at::exp(ops::discretised_logistic_log_mass(number(0.5), number(std::log(scale)), bins));
  const double expected = (p * (bins - 0.5).square()).sum().item<double>();
  EXPECT_NEAR(x.mean().item<double>(), 0.5, 0.005);
  EXPECT_NEAR((x - 0.5).square().mean().item<double>() / expected, 1, 0.03);
  // 127 and 128 are the bins next to the mean.
  const double near = ((x * 255).round() == 127).to(at::kFloat).mean().item<double>();
  EXPECT_NEAR(near, p[127].item<double>(), 0.002);
}

}  // namespace
}  // namespace isthmus::distributions
