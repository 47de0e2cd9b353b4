#include "isthmus/ops/likelihood_ratio.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "isthmus/distributions/bernoulli.hpp"
#include "isthmus/distributions/gaussian.hpp"

#include "tests/support/errors.hpp"
#include "tests/support/gradients.hpp"

namespace isthmus::ops {
namespace {

namespace bernoulli = distributions::bernoulli;
namespace gaussian = distributions::gaussian;

struct Moments {
  double mean;
  double variance;
};

/// Of the gradient's estimate over draws: the draws are the columns of `surrogate`, each with a parameter of
/// its own in `parameter`, and `weights` says how often each comes.
Moments moments(const Tensor& surrogate, const Tensor& parameter, const Tensor& weights) {
  surrogate.sum().backward();
  const Tensor each = parameter.grad().flatten();
  const double mean = (weights * each).sum().item<double>();
  return {mean, (weights * (each - mean).square()).sum().item<double>()};
}

/// f(b) = (b − .45)², b Bernoulli with p = .5: d/dlogit E f = p (1 − p) (f(1) − f(0)) = .025.
Moments toy(const std::function<Tensor(const Tensor& f)>& baseline) {
  const Tensor logit = at::zeros({2, 1}, at::kDouble).set_requires_grad(true);
  const Tensor b = at::tensor({0.0, 1.0}, at::kDouble).view({2, 1});
  const Tensor f = (b - 0.45).square().t();  // [1 draw, 2 outcomes]
  const Tensor log_q = bernoulli::log_prob(logit, b).unsqueeze(0);
  return moments(likelihood_ratio(f, log_q, baseline(f)), logit, at::full({2}, 0.5, at::kDouble));
}

TEST(LikelihoodRatio, HasTheMeanAndVarianceOfTheToy) {
  const auto [mean, variance] = toy([](const Tensor&) { return at::zeros({}, at::kDouble); });
  EXPECT_NEAR(mean, 0.025, 1e-12);
  EXPECT_NEAR(variance, 0.0159391, 5e-8);
}

TEST(LikelihoodRatio, HasNoVarianceUnderTheBestControlVariate) {
  constexpr double p = 0.5;
  const auto [mean, variance] = toy([](const Tensor& f) { return (1 - p) * f[0][1] + p * f[0][0]; });
  EXPECT_NEAR(mean, 0.025, 1e-12);
  EXPECT_NEAR(variance, 0, 1e-24);
}

TEST(LikelihoodRatio, IsUnbiasedUnderAnyBaseline) {
  for (const double c : {-3.0, 0.1, 7.0})
    EXPECT_NEAR(toy([&](const Tensor&) { return at::full({}, c, at::kDouble); }).mean, 0.025, 1e-12);
}

/// E_N(mu, s²)[x²] with respect to mu, by both estimators; expectations over a grid that is fine and wide.
struct Square {
  static constexpr double mu = 0.7;
  static constexpr double s = 1.3;
  Tensor e = at::linspace(-12, 12, 48001, at::kDouble).unsqueeze(1);
  Tensor weights = (at::exp(gaussian::standard_log_prob(e)) * 24 / 48000).contiguous();
  Tensor mean = at::full({48001, 1}, mu, at::kDouble).set_requires_grad(true);
  GaussianParameters q{mean, at::full({1}, 2 * std::log(s), at::kDouble)};
};

TEST(LikelihoodRatio, OfASquareHasTheVarianceOfItsClosedForm) {
  Square square;
  const Tensor x = Square::mu + Square::s * square.e;
  const Tensor surrogate = likelihood_ratio(x.square().t(), gaussian::log_prob(square.q, x).unsqueeze(0),
                                            at::zeros({}, at::kDouble));
  const auto [mean, variance] = moments(surrogate, square.mean, square.weights);
  const double m2 = Square::mu * Square::mu;
  const double s2 = Square::s * Square::s;
  EXPECT_NEAR(mean, 2 * Square::mu, 1e-9);
  EXPECT_NEAR(variance, m2 * m2 / s2 + 14 * m2 + 15 * s2, 1e-7);
}

TEST(LikelihoodRatio, LeavesThePathThroughFToItsOwnGradient) {
  // Reparameterised draws: q's score is 0, all the gradient comes through f.
  Square square;
  const Tensor x = square.mean + Square::s * square.e;
  const Tensor no_score = at::zeros({1, x.size(0)}, at::kDouble);
  const auto [mean, variance] = moments(
      likelihood_ratio(x.square().t(), no_score, at::zeros({}, at::kDouble)), square.mean, square.weights);
  EXPECT_NEAR(mean, 2 * Square::mu, 1e-9);
  EXPECT_NEAR(variance, 4 * Square::s * Square::s, 1e-7);
}

/// A distribution over five values, and log-weights log p(x, z) − log q(z) of each, all from 10 parameters.
/// Sums over all k-tuples of draws are expectations without any noise.
struct Five {
  static constexpr int64_t values = 5;
  Tensor parameters = Noise(3).normal({2, values}).to(at::kDouble).set_requires_grad(true);

  Tensor log_q() const { return at::log_softmax(parameters[0], 0); }
  Tensor log_weights() const { return 2 * parameters[1] + at::sin(parameters[0]) - log_q(); }

  /// [k, 5^k]: every tuple of k draws.
  static Tensor tuples(int64_t k) {
    std::vector<Tensor> digits;
    Tensor number = at::arange(static_cast<int64_t>(std::pow(values, k)), at::kLong);
    for (int64_t i = 0; i < k; ++i) {
      digits.push_back(at::remainder(number, values));
      number = at::floor_divide(number, values);
    }
    return at::stack(digits);
  }

  Tensor gradient_of(const Tensor& scalar) const {
    parameters.mutable_grad() = Tensor();
    scalar.backward();
    return parameters.grad().clone();
  }
};

TEST(LikelihoodRatio, HasTheGradientOfTheExpectationExactlyOverAllTuples) {
  const Five five;
  for (const int64_t k : {1, 3}) {
    const Tensor draws = Five::tuples(k);
    const auto q = [&] { return at::exp(five.log_q().index({draws}).sum(0)); };  // [tuples]
    // f here is without the path of −log q, whose expected gradient is 0.
    const auto f = [&] { return at::sin(five.parameters[1]).index({draws}) + 1; };
    const Tensor exact = five.gradient_of((q() * f().mean(0)).sum());
    const Tensor estimate = five.gradient_of(
        (q().detach() * likelihood_ratio(f(), five.log_q().index({draws}), at::full({}, 0.4, at::kDouble)))
            .sum());
    EXPECT_TRUE(estimate.allclose(exact, 1e-10, 1e-12)) << k;
    EXPECT_GT(exact[0].norm().item<double>(), 0.05);
  }
}

TEST(Vimco, HasTheGradientOfTheBoundExactlyOverAllTuples) {
  const Five five;
  for (const auto mean : {LeftOut::geometric, LeftOut::arithmetic})
    for (const int64_t k : {2, 3, 4}) {
      const Tensor draws = Five::tuples(k);
      const auto q = [&] { return at::exp(five.log_q().index({draws}).sum(0)); };
      const auto w = [&] { return five.log_weights().index({draws}); };
      const Tensor bound = (q() * (at::logsumexp(w(), 0) - std::log(static_cast<double>(k)))).sum();
      const Tensor surrogate = (q().detach() * vimco(w(), five.log_q().index({draws}), mean)).sum();
      EXPECT_NEAR(surrogate.item<double>(), bound.item<double>(), 1e-12);
      const Tensor exact = five.gradient_of(bound);
      EXPECT_TRUE(five.gradient_of(surrogate).allclose(exact, 1e-10, 1e-12)) << k;
      EXPECT_GT(exact[0].norm().item<double>(), 0.05);
    }
}

TEST(Vimco, LeavesOneOutAsItsMeanSays) {
  const Tensor w = at::tensor({1.0, 2.0, 4.0}, at::kDouble);
  const Tensor geometric = at::exp(leave_one_out(at::log(w).unsqueeze(1), LeftOut::geometric)).flatten();
  const Tensor by_hand = at::tensor({std::sqrt(8.0) + 6, 2 + 5.0, std::sqrt(2.0) + 3}, at::kDouble) / 3;
  EXPECT_TRUE(geometric.allclose(by_hand, 1e-12));
  const Tensor arithmetic = at::exp(leave_one_out(at::log(w).unsqueeze(1), LeftOut::arithmetic)).flatten();
  EXPECT_TRUE(arithmetic.allclose(at::tensor({3.0, 2.5, 1.5}, at::kDouble), 1e-12));
}

TEST(Vimco, KeepsSmallDifferencesOfLargeLogWeights) {
  // In float32 the sum of three such numbers has steps of 1e-4.
  const Tensor w = at::tensor({-1000.5F, -1000.25F, -1000.0F}).unsqueeze(1);
  for (const auto mean : {LeftOut::geometric, LeftOut::arithmetic}) {
    const Tensor shifted = leave_one_out((w + 1000).to(at::kDouble), mean) - 1000;
    EXPECT_TRUE(leave_one_out(w, mean).allclose(shifted, 0, 1e-9));
  }
}

TEST(Vimco, HasTheGradientOfLargeLogWeightsToo) {
  // The bound and what is left out of it are both near −1000, and the signal is their difference.
  const Tensor w = at::tensor({-1000.5F, -999.75F, -1002.25F, -1003.0F, -1000.0F, -998.125F}).view({3, 2});
  const auto signal = [](const Tensor& log_weights, LeftOut mean) {
    const Tensor log_q = at::full_like(log_weights, -1).set_requires_grad(true);
    vimco(log_weights, log_q, mean).sum().backward();
    return log_q.grad().to(at::kDouble);
  };
  for (const auto mean : {LeftOut::geometric, LeftOut::arithmetic}) {
    const Tensor exact = signal(w.to(at::kDouble) + 1000, mean);
    EXPECT_GT(exact.abs().min().item<double>(), 0.01);
    EXPECT_TRUE(signal(w, mean).allclose(exact, 0, 1e-6));
  }
}

TEST(Vimco, IsFiniteWhereOneWeightIsAll) {
  const Tensor w = at::tensor({-2000.0F, -3.0F}).unsqueeze(1).set_requires_grad(true);
  const Tensor log_q = at::tensor({-1.0F, -1.0F}).unsqueeze(1).set_requires_grad(true);
  vimco(w, log_q).sum().backward();
  EXPECT_TRUE(w.grad().isfinite().all().item<bool>());
  EXPECT_TRUE(log_q.grad().isfinite().all().item<bool>());
}

TEST(Vimco, NeedsTwoDraws) {
  test::expect_error("two draws or more", [] { vimco(at::zeros({1, 4}), at::zeros({1, 4})); });
}

}  // namespace
}  // namespace isthmus::ops
