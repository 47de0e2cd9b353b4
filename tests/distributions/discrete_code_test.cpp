#include "isthmus/distributions/discrete_code.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "isthmus/distributions/bernoulli.hpp"
#include "isthmus/distributions/categorical.hpp"

#include "tests/support/errors.hpp"

namespace isthmus::distributions {
namespace {

constexpr DiscreteCode codes[] = {
    {.variables = 5}, {.variables = 3, .categories = 4}, {.variables = 2, .categories = 2}};

Tensor logits_of(const DiscreteCode& code, int64_t rows, uint64_t seed = 1) {
  return 2 * Noise(seed).normal({rows, code.width()});
}

TEST(DiscreteCode, CountsItsStatesAndListsEachOnce) {
  for (const DiscreteCode& code : codes) {
    const Tensor all = code.all_states(1000);
    EXPECT_EQ(all.sizes(), (std::vector<int64_t>{*code.states(1000), code.width()}));
    EXPECT_EQ(std::get<0>(at::unique_dim(all, 0)).size(0), all.size(0));
    EXPECT_TRUE(((all == 0) | (all == 1)).all().item<bool>());
    if (code.categories > 0) {
      EXPECT_TRUE((all.unflatten(1, {code.variables, code.categories}).sum(2) == 1).all().item<bool>());
    }
  }
  EXPECT_EQ(codes[0].states(32), 32);
  EXPECT_EQ(codes[0].states(31), std::nullopt);
  EXPECT_EQ((DiscreteCode{.variables = 1000}).states(4096), std::nullopt) << "no overflow on the way";
  test::expect_error("at most 31 values", [] { codes[0].all_states(31); });
}

TEST(DiscreteCode, IsOneOverAllStates) {
  for (const DiscreteCode& code : codes) {
    const Tensor each = at::exp(code.log_prob_of_each(logits_of(code, 6), code.all_states(1000)));
    EXPECT_TRUE(each.sum(1).allclose(at::ones({6}), 1e-5));
  }
}

TEST(DiscreteCode, IsTheProductOfItsVariables) {
  const Tensor logits = logits_of(codes[0], 1);
  const Tensor z = codes[0].all_states(1000);
  EXPECT_TRUE(codes[0].log_prob(logits, z).allclose(bernoulli::log_prob(logits, z), 1e-5, 1e-5));
  const Tensor apart = logits_of(codes[1], 1).view({1, 3, 4});
  const Tensor one_hot = codes[1].all_states(1000);
  const Tensor index = one_hot.view({-1, 3, 4}).argmax(-1);
  EXPECT_TRUE(codes[1]
                  .log_prob(apart.flatten(1), one_hot)
                  .allclose(categorical::log_prob(apart.expand({64, 3, 4}), index).sum(1), 1e-5, 1e-5));
}

TEST(DiscreteCode, SumsOverAllStatesGiveItsMeanAndKl) {
  for (const DiscreteCode& code : codes) {
    const Tensor q = logits_of(code, 6, 1);
    const Tensor p = logits_of(code, 1, 2).squeeze(0);
    const Tensor z = code.all_states(1000);
    const Tensor log_q = code.log_prob_of_each(q, z);
    EXPECT_TRUE(at::mm(at::exp(log_q), z).allclose(code.mean(q), 1e-4, 1e-6));
    EXPECT_TRUE((at::exp(log_q) * (log_q - code.log_prob(p, z))).sum(1).allclose(code.kl(q, p), 1e-4, 1e-5));
    EXPECT_TRUE(code.kl(q, q).abs().max().item<double>() < 1e-5);
  }
}

TEST(DiscreteCode, EachUnderEachIsLogProb) {
  for (const DiscreteCode& code : codes) {
    const Tensor q = logits_of(code, 6);
    const Tensor z = code.all_states(1000);
    EXPECT_TRUE(code.log_prob_of_each(q, z).allclose(code.log_prob(q.unsqueeze(1), z), 1e-4, 1e-5));
  }
}

TEST(DiscreteCode, HasItsLikeliestStateAsMode) {
  for (const DiscreteCode& code : codes) {
    const Tensor q = logits_of(code, 6);
    const Tensor best = code.log_prob_of_each(q, code.all_states(1000)).argmax(1);
    EXPECT_TRUE(code.mode(q).equal(code.all_states(1000).index_select(0, best)));
  }
}

// Pearson's statistic over all states of every row, five deviations and more above its mean.
TEST(DiscreteCode, DrawsEachStateAsOftenAsItsProbabilitySays) {
  constexpr int64_t k = 40'000;
  for (const DiscreteCode& code : codes) {
    const Tensor q = logits_of(code, 3) / 2;
    const Tensor states = code.all_states(1000);
    const Tensor p = at::exp(code.log_prob_of_each(q, states)).to(at::kDouble);
    Noise noise(4);
    Noise more(5);
    for (const Tensor& z : {code.draw(q, k, noise), code.mode(code.perturb(q, k, more))}) {
      ASSERT_EQ(z.sizes(), (std::vector<int64_t>{3, k, code.width()}));
      // Whether a draw is a state: as many places agree as there are places.
      const Tensor same = at::matmul(z, states.t()) + at::matmul(1 - z, (1 - states).t());
      const Tensor counts = (same > static_cast<double>(code.width()) - 0.5).to(at::kDouble).sum(1);
      ASSERT_TRUE((counts.sum(1) == k).all().item<bool>());
      const double chi2 = ((counts - k * p).square() / (k * p)).sum().item<double>();
      const double freedom = 3.0 * static_cast<double>(states.size(0) - 1);
      EXPECT_LT(chi2, freedom + 5 * std::sqrt(2 * freedom) + 10);
    }
  }
}

TEST(DiscreteCode, ARowDrawsItsOwnNoise) {
  for (const DiscreteCode& code : codes) {
    const Tensor q = logits_of(code, 5);
    Noise all(1);
    Noise tail(1, Purpose::training, 0, 2);
    EXPECT_TRUE(code.draw(q, 4, all).narrow(0, 2, 3).equal(code.draw(q.narrow(0, 2, 3), 4, tail)));
  }
}

TEST(DiscreteCode, IsADrawAtALowTemperatureAndEvenAtAHighOne) {
  for (const DiscreteCode& code : codes) {
    const Tensor q = logits_of(code, 5);
    Noise noise(1);
    const Tensor perturbed = code.perturb(q, 200, noise);
    const Tensor cold = code.mean(perturbed / 1e-4);
    EXPECT_LT((cold - code.mode(perturbed)).abs().mean().item<double>(), 1e-3);
    const double even = code.categories == 0 ? 0.5 : 1.0 / static_cast<double>(code.categories);
    EXPECT_LT((code.mean(perturbed / 1e6) - even).abs().max().item<double>(), 1e-4);
  }
}

}  // namespace
}  // namespace isthmus::distributions
