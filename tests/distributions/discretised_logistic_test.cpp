#include "isthmus/distributions/discretised_logistic.hpp"

#include <cmath>
#include <numbers>

#include <gtest/gtest.h>

#include "tests/support/gradients.hpp"

namespace isthmus::distributions {
namespace {

const Tensor bins = at::arange(256, at::kFloat) / 255;

Tensor number(double value) {
  return at::full({1}, value, at::kFloat);
}

TEST(DiscretisedLogistic, SumsToOneForEveryMeanAndScale) {
  for (const double mean : {-0.5, 0.0, 0.0019, 0.25, 0.49803922, 0.5, 0.7, 0.99, 1.0, 1.3}) {
    for (double log_scale = -9; log_scale <= 4; log_scale += 0.25) {
      const Tensor log_p = discretised_logistic::log_mass(number(mean), number(log_scale), bins);
      EXPECT_TRUE(log_p.isfinite().all().item<bool>()) << mean << " " << log_scale;
      EXPECT_NEAR(at::exp(log_p.to(at::kDouble)).sum().item<double>(), 1, 1e-5) << mean << " " << log_scale;
    }
  }
}

TEST(DiscretisedLogistic, IsTheDifferenceOfTwoSigmoids) {
  const double mean = 0.4;
  const double scale = 0.03;
  const auto cumulative = [&](double x) { return 1 / (1 + std::exp(-(x - mean) / scale)); };
  for (const int64_t bin : {0, 1, 50, 102, 200, 255}) {
    const double upper = bin == 255 ? 1 : cumulative((static_cast<double>(bin) + 0.5) / 255);
    const double lower = bin == 0 ? 0 : cumulative((static_cast<double>(bin) - 0.5) / 255);
    const Tensor log_p =
        discretised_logistic::log_mass(number(mean), number(std::log(scale)), bins[bin].view({1}));
    EXPECT_NEAR(log_p.item<double>(), std::log(upper - lower), 2e-5) << bin;
  }
}

TEST(DiscretisedLogistic, KeepsItsDigitsInTheTails) {
  // Far above the mean a bin holds e^(−b/s)(1 − e^(−δ)) of the mass, here about e^−440: no difference of
  // sigmoids in float32 could tell.
  const double scale = 0.002;
  const Tensor log_p =
      discretised_logistic::log_mass(number(0.1), number(std::log(scale)), bins[250].view({1}));
  const double lower = (249.5 / 255 - 0.1) / scale;
  EXPECT_NEAR(log_p.item<double>(), -lower + std::log1p(-std::exp(-1 / (255 * scale))), 1e-3);
}

TEST(DiscretisedLogistic, HasTheGradientsOfDifferences) {
  const Tensor x = at::tensor({0.0, 3.0, 120.0, 128.0, 254.0, 255.0}, at::kDouble) / 255;
  test::check_gradients(
      [&](const std::vector<Tensor>& t) { return discretised_logistic::log_mass(t[0], t[1], x); },
      {at::tensor({0.2, 0.01, 0.5, 0.4, 0.9, 1.1}), at::tensor({-2.0, -3.0, -4.0, -1.0, -2.0, -2.5})}, 1e-5);
}

TEST(DiscretisedLogistic, DrawsWithItsProbabilities) {
  Noise noise(1);
  const double scale = 0.1;
  const Tensor mean = at::full({40000, 1}, 0.5F);
  const Tensor x = discretised_logistic::draw(mean, number(std::log(scale)), noise);
  EXPECT_TRUE((x * 255).round().div(255).allclose(x));
  const Tensor p = at::exp(discretised_logistic::log_mass(number(0.5), number(std::log(scale)), bins));
  const double expected = (p * (bins - 0.5).square()).sum().item<double>();
  EXPECT_NEAR(x.mean().item<double>(), 0.5, 0.005);
  EXPECT_NEAR((x - 0.5).square().mean().item<double>() / expected, 1, 0.03);
  // 127 and 128 are the bins next to the mean.
  const double near = ((x * 255).round() == 127).to(at::kFloat).mean().item<double>();
  EXPECT_NEAR(near, p[127].item<double>(), 0.002);
}

}  // namespace
}  // namespace isthmus::distributions
