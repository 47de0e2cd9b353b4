#include "isthmus/distributions/gaussian.hpp"

#include <gtest/gtest.h>

#include "tests/support/quadrature.hpp"

namespace isthmus::distributions {
namespace {

GaussianParameters of(double mean, double log_variance) {
  return {at::full({1}, mean, at::kDouble), at::full({1}, log_variance, at::kDouble)};
}

/// log N(x) of a grid of numbers [points].
Tensor log_density(const GaussianParameters& p, const Tensor& x) {
  return gaussian::log_prob(p, x.unsqueeze(1));
}

TEST(Gaussian, IntegratesToOne) {
  for (const auto& p : {of(0, 0), of(1.5, -3), of(-2, 1.2)})
    EXPECT_NEAR(test::integral([&](const Tensor& x) { return at::exp(log_density(p, x)); }, -30, 30), 1,
                1e-9);
}

TEST(Gaussian, HasTheDivergenceOfAnIntegral) {
  const GaussianParameters q = of(0.7, -1.1);
  const GaussianParameters p = of(-0.4, 0.6);
  const auto divergence = [&](const auto& log_p) {
    return test::integral(
        [&](const Tensor& x) { return at::exp(log_density(q, x)) * (log_density(q, x) - log_p(x)); }, -20,
        20);
  };
  EXPECT_NEAR(gaussian::kl(q, p).item<double>(),
              divergence([&](const Tensor& x) { return log_density(p, x); }), 1e-9);
  EXPECT_NEAR(gaussian::kl_to_standard(q).item<double>(),
              divergence([&](const Tensor& x) { return gaussian::standard_log_prob(x.unsqueeze(1)); }), 1e-9);
  EXPECT_NEAR(gaussian::kl(q, of(0, 0)).item<double>(), gaussian::kl_to_standard(q).item<double>(), 1e-12);
  EXPECT_EQ(gaussian::kl(q, q).item<double>(), 0);
}

TEST(Gaussian, KeepsItsDigitsWhereTheDivergenceIsSmall) {
  // 1/2 (e^v − v − 1) is v²/4 to first order; e^v − 1 in float32 would have lost every digit of it.
  const GaussianParameters q{at::zeros({1}), at::full({1}, 1e-3F)};
  EXPECT_NEAR(gaussian::kl_to_standard(q).item<double>(), 2.5e-7, 1e-9 + 2.5e-7 * 0.3);
}

TEST(Gaussian, SumsOverTheLastDimension) {
  Noise noise(1);
  const GaussianParameters p{noise.normal({4, 3}), noise.normal({4, 3})};
  const Tensor x = noise.normal({4, 3});
  Tensor sum = at::zeros({4});
  for (int64_t c = 0; c < 3; ++c)
    sum += gaussian::log_prob({p.mean.narrow(1, c, 1), p.log_variance.narrow(1, c, 1)}, x.narrow(1, c, 1));
  EXPECT_TRUE(gaussian::log_prob(p, x).allclose(sum, 1e-5, 1e-5));
  const Tensor zeros = at::zeros({3});
  EXPECT_TRUE(gaussian::standard_log_prob(x).allclose(gaussian::log_prob({zeros, zeros}, x), 1e-5, 1e-5));
}

TEST(Gaussian, DrawsWithItsMomentsAndPassesGradients) {
  Noise noise(2);
  const Tensor mean = at::tensor({1.0F, -2.0F}).expand({50000, 2}).clone().set_requires_grad(true);
  const Tensor log_variance = at::tensor({-2.0F, 1.0F}).expand({50000, 2}).clone().set_requires_grad(true);
  const Tensor z = gaussian::draw({mean, log_variance}, noise);
  EXPECT_TRUE(z.mean(0).allclose(at::tensor({1.0F, -2.0F}), 0, 0.04));
  EXPECT_TRUE(z.var(0).allclose(at::exp(at::tensor({-2.0F, 1.0F})), 0.04, 0));
  z.sum().backward();
  EXPECT_TRUE(mean.grad().equal(at::ones_like(mean)));
  // dz/d log σ² = (z − mean) / 2
  EXPECT_TRUE(log_variance.grad().allclose((z - mean) / 2, 1e-4, 1e-5));
}

TEST(Gaussian, DrawsSeveralForARowFromItsOwnNoise) {
  Noise parameters(3);
  const GaussianParameters p{parameters.normal({5, 3}), parameters.normal({5, 3})};
  Noise whole(4);
  Noise rest(4, Purpose::training, 0, 2);
  const Tensor all = gaussian::draw(p, 7, whole);
  EXPECT_EQ(all.sizes(), (Shape{5, 7, 3}));
  EXPECT_TRUE(all.narrow(0, 2, 3).equal(
      gaussian::draw({p.mean.narrow(0, 2, 3), p.log_variance.narrow(0, 2, 3)}, 7, rest)));
}

TEST(Gaussian, IsSplitFromTheOutputsOfAnEncoder) {
  const auto [mean, log_variance] = gaussian::split(at::arange(8).view({2, 4}));
  EXPECT_TRUE(mean.equal(at::tensor({0, 1, 4, 5}, at::kLong).view({2, 2})));
  EXPECT_TRUE(log_variance.equal(at::tensor({2, 3, 6, 7}, at::kLong).view({2, 2})));
}

}  // namespace
}  // namespace isthmus::distributions
