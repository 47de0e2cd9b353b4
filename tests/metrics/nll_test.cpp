#include "isthmus/metrics/nll.hpp"

#include <limits>

#include <gtest/gtest.h>

#include "isthmus/metrics/elbo.hpp"
#include "isthmus/metrics/exact_nll.hpp"

#include "tests/support/linear_gaussian.hpp"
#include "tests/support/more.hpp"

namespace isthmus::metrics::nll {
namespace {

using testing::LinearGaussian;
using testing::more;
using testing::says;
using testing::small_data;

TEST(Nll, IsExactAtAnyNumberOfDrawsWhereThePosteriorIs) {
  LinearGaussian model;
  const Tensor x = model.draw(50, 1);
  const Data data = small_data(x);
  const Tensor truth = -model.log_evidence(x);
  for (const int64_t draws : {1, 7, 250}) {
    const auto result = measure({model, data}, {.draws = draws});
    EXPECT_NEAR(result.value, truth.mean().item<double>(), 1e-9) << draws;
    EXPECT_NEAR(result.standard_error.value(), truth.std().item<double>() / std::sqrt(50.0), 1e-9);
    EXPECT_NEAR(more(result, "effective_draws"), static_cast<double>(draws), 1e-6);
    EXPECT_NEAR(more(result, "effective_share"), 1, 1e-9);
    EXPECT_NEAR(more(result, "largest_weight_max"), 1.0 / static_cast<double>(draws), 1e-9);
    if (draws > 1) {
      EXPECT_NEAR(more(result, "standard_error_of_draws"), 0, 1e-7);
    }
    EXPECT_EQ(result.unit, "nats");
  }
}

TEST(Nll, FallsTowardsTheTruthAsDrawsGrow) {
  LinearGaussian model(0.5, 1.6);
  const Tensor x = model.draw(100, 1);
  const Data data = small_data(x);
  const double truth = -model.log_evidence(x).mean().item<double>();
  double before = std::numeric_limits<double>::infinity();
  double error = 0;
  for (const int64_t draws : {1, 10, 100, 1000, 5000}) {
    const auto result = measure({model, data}, {.draws = draws});
    if (draws > 1) error = more(result, "standard_error_of_draws");
    EXPECT_LT(result.value, before + 3 * error) << draws;
    EXPECT_GT(result.value, truth - 4 * error - (draws == 1 ? 1 : 0)) << draws;
    before = result.value;
  }
  EXPECT_LT(error, 0.005);
  EXPECT_NEAR(before, truth, 4 * error);
}

// A peer that averages the log-weights reports the ELBO, whatever the number of draws.
TEST(Nll, IsTheLogOfTheMeanWeightNotTheMeanLogWeight) {
  LinearGaussian model(0.5, 1.6);
  const Tensor x = model.draw(50, 1);
  const Data data = small_data(x);
  const double truth = -model.log_evidence(x).mean().item<double>();
  const auto result = measure({model, data}, {.draws = 2000});
  ASSERT_GT(model.gap(), 0.5);
  EXPECT_NEAR(result.value, truth, 0.05);
}

// A peer takes the number of draws and does not use it.
TEST(Nll, DrawsAndImagesAreHeeded) {
  LinearGaussian model(0.3);
  const Data data = small_data(model.draw(30, 1));
  const auto result = measure({model, data}, {.draws = 1234, .images = 12});
  int64_t drawn = 0;
  for (const auto& call : model.calls) drawn += call.images * call.draws;
  EXPECT_EQ(drawn, 1234 * 12);
  EXPECT_EQ(more(result, "draws"), 1234);
  EXPECT_EQ(more(result, "images"), 12);
  EXPECT_GT(more(result, "draws_per_second"), 0);
}

TEST(Nll, OneImageHasTheErrorOfItsDraws) {
  LinearGaussian model(0.3, 1.4);
  const Data data = small_data(model.draw(1, 1));
  const auto result = measure({model, data}, {.draws = 500});
  EXPECT_EQ(result.standard_error, more(result, "standard_error_of_draws"));
  EXPECT_GT(result.standard_error.value(), 0);
  EXPECT_FALSE(measure({model, data}, {.draws = 1}).standard_error);
}

TEST(Nll, WarnsWhereFewDrawsCarryTheEstimate) {
  LinearGaussian bad(3, 1, 12, 8);
  const Data data = small_data(bad.draw(20, 1));
  const auto result = measure({bad, data}, {.draws = 200});
  ASSERT_EQ(result.warnings.size(), 1U);
  EXPECT_TRUE(says(result.warnings[0], {"of 200 draws", "effective sample size", "raise --nll.draws"}));
  EXPECT_LT(more(result, "effective_draws"), 10);
  EXPECT_GT(more(result, "largest_weight_mean"), 0.3);

  LinearGaussian good(0.1, 1.1, 12, 8);
  EXPECT_TRUE(measure({good, data}, {.draws = 200}).warnings.empty());
}

TEST(Nll, DoubtsFewDrawsAndImagesThatOneDrawDecides) {
  const auto doubt = [](const Trust& trust) { return why_doubt(trust, "raise it"); };
  EXPECT_EQ(doubt({1000, 50, 0.05}), std::nullopt);
  EXPECT_TRUE(says(doubt({1000, 50, 0.2}), {"20 % of the images", "one draw", "raise it"}));
  EXPECT_TRUE(says(doubt({1000, 2.5, 0}), {"2.5 of 1000", "effective sample size", "raise it"}));
  // Four draws of equal weight are as good as a thousand; one draw alone says nothing of its weight.
  EXPECT_EQ(doubt({4, 4, 0}), std::nullopt);
  EXPECT_TRUE(doubt({1, 1, 1}));
}

TEST(Nll, DrawsFromThePriorGiveTheSameWithMoreNoise) {
  LinearGaussian model(0.2, 1.2, 6, 1);
  const Tensor x = model.draw(20, 1);
  const Data data = small_data(x);
  const double truth = -model.log_evidence(x).mean().item<double>();
  const auto prior = measure({model, data}, {.draws = 20000, .proposal = Proposal::prior});
  const auto posterior = measure({model, data}, {.draws = 20000});
  EXPECT_NEAR(prior.value, truth, 4 * more(prior, "standard_error_of_draws"));
  EXPECT_LT(more(prior, "effective_draws"), more(posterior, "effective_draws") / 2);
  EXPECT_GT(more(prior, "standard_error_of_draws"), 2 * more(posterior, "standard_error_of_draws"));
  EXPECT_TRUE(prior.warnings.empty());
}

TEST(Nll, WarnsWhereThePriorIsHopeless) {
  LinearGaussian model(0.2, 1.2, 40, 8);
  const Data data = small_data(model.draw(10, 1));
  const auto result = measure({model, data}, {.draws = 500, .proposal = Proposal::prior});
  ASSERT_EQ(result.warnings.size(), 1U);
  EXPECT_TRUE(says(result.warnings[0], {"effective sample size", "--nll.proposal posterior"}));
}

/// Hands out one log-weight for all.
struct Constant final : Model, LatentVariable {
  explicit Constant(double value) : weight(value) {}
  Loss loss(const Batch& batch, Step&) override { return {.terms = {{"loss", batch.x.sum()}}}; }
  Tensor reconstruct(const Batch& batch, Noise&) override { return batch.x; }
  Tensor log_weights(const Batch& batch, int64_t k, Noise&) override {
    return at::full({k, batch.size()}, weight, at::kFloat);
  }
  double weight;
};

TEST(Nll, RefusesWhatIsNoNumberAndWhatIsImpossible) {
  const Data data = small_data(at::zeros({3, 2}));
  Constant nan(std::nan(""));
  Constant impossible(-std::numeric_limits<double>::infinity());
  try {
    measure({nan, data}, {.draws = 2});
    FAIL();
  } catch (const Error& error) {
    EXPECT_TRUE(says(error.what(), {"nan for example 0", "diverged"}));
  }
  try {
    measure({impossible, data}, {.draws = 2});
    FAIL();
  } catch (const Error& error) {
    EXPECT_TRUE(says(error.what(), {"finite log-likelihood", "inf for example 0"}));
  }
}

TEST(Nll, RefusesThePriorOfAModelThatCannotDrawFromIt) {
  const Data data = small_data(at::zeros({3, 2}));
  Constant model(-1);
  EXPECT_THROW(measure({model, data}, {.draws = 2, .proposal = Proposal::prior}), UsageError);
}

/// Knows p(x|y), y the left half of an image.
struct Half final : Model, LatentVariable, ExactLikelihood, Conditional {
  Loss loss(const Batch& batch, Step&) override { return {.terms = {{"loss", batch.x.sum()}}}; }
  Tensor reconstruct(const Batch& batch, Noise&) override { return batch.x; }
  Tensor log_weights(const Batch& batch, int64_t k, Noise&) override {
    return at::full({k, batch.size()}, -7.0);
  }
  Tensor log_likelihood(const Batch& batch) override { return at::full({batch.size()}, -7.0); }
  Tensor sample_given(const Batch& given, Noise&) override { return given.x; }
  Tensor given_part() const override { return at::tensor({1, 1, 0, 0, 1, 1, 0, 0}).view({1, 2, 4}); }
  int64_t given_classes() const override { return 0; }
};

TEST(Nll, OfAPartOfTheImageSaysSo) {
  Half model;
  const Data data = small_data(at::zeros({3, 1, 2, 4}));
  const Subject subject{.model = model, .data = data};
  for (const auto& result :
       {measure(subject, {.draws = 2}), elbo::measure(subject, {}), exact_nll::measure(subject, {})}) {
    EXPECT_EQ(result.unit, "nats given y");
    EXPECT_EQ(more(result, "open_pixels"), 4);
  }
}

TEST(Nll, SaysWhyThereIsNoneAndWhatToUse) {
  testing::Half half;
  LinearGaussian model;
  const Data data = small_data(model.draw(3, 1));
  EXPECT_TRUE(says(why_not({half, data}), {"nll", "likelihood", "use `reconstruction`"}));
  EXPECT_FALSE(why_not({model, data}));
  EXPECT_TRUE(says(why_not({model, data, Split::validation}),
                   {"validation", "holds no examples", "--data.validation"}));
  model.refusal = "grey pixels; use --data.binarise dynamic";
  EXPECT_EQ(why_not({model, data}), model.refusal);
}

}  // namespace
}  // namespace isthmus::metrics::nll
