#include "isthmus/core/scores.hpp"

#include <cmath>
#include <limits>
#include <numeric>

#include <gtest/gtest.h>

#include "isthmus/core/comparable.hpp"
#include "isthmus/core/memory_dataset.hpp"
#include "isthmus/metrics/elbo.hpp"
#include "isthmus/metrics/nll.hpp"
#include "isthmus/metrics/reconstruction.hpp"

#include "tests/support/errors.hpp"
#include "tests/support/linear_gaussian.hpp"
#include "tests/support/more.hpp"

namespace isthmus {
namespace {

using testing::LinearGaussian;
using testing::says;
using testing::small_data;

double mean_of(const Scores& scores) {
  return std::accumulate(scores.values.begin(), scores.values.end(), 0.0) /
         static_cast<double>(scores.values.size());
}

TEST(Scores, AreTheEvidenceOfEachExampleWhereThePosteriorIsExact) {
  LinearGaussian model;
  const Tensor x = model.draw(40, 1);
  const Data data = small_data(x);
  const Tensor truth = model.log_evidence(x);
  const Scores elbo = score_examples({model, data}, {.score = Score::elbo, .draws = 3});
  const Scores nll = score_examples({model, data}, {.score = Score::nll, .draws = 3});
  ASSERT_EQ(elbo.values.size(), 40U);
  for (int64_t i = 0; i < 40; ++i) {
    const auto row = static_cast<size_t>(i);
    EXPECT_NEAR(elbo.values[row], truth[i].item<double>(), 1e-9);
    EXPECT_NEAR(nll.values[row], -truth[i].item<double>(), 1e-9);
  }
}

TEST(Scores, HaveTheMetricsAsTheirMeans) {
  LinearGaussian model(0.3, 1.3);
  const Data data = small_data(model.draw(700, 1));
  const Subject subject{.model = model, .data = data, .seed = 5};
  EXPECT_NEAR(mean_of(score_examples(subject, {.score = Score::elbo, .draws = 30})),
              metrics::elbo::measure(subject, {.draws = 30}).value, 1e-9);
  EXPECT_NEAR(mean_of(score_examples(subject, {.score = Score::nll, .draws = 150})),
              metrics::nll::measure(subject, {.draws = 150}).value, 1e-9);
  EXPECT_NEAR(mean_of(score_examples(subject, {.score = Score::reconstruction})),
              metrics::reconstruction::measure(subject, {}).value, 1e-9);
}

/// Says log p(x) itself, and nothing by draws.
struct Exact final : Model, LatentVariable, ExactLikelihood {
  Loss loss(const Batch& batch, Step&) override { return {.terms = {{"loss", batch.x.sum()}}}; }
  Tensor reconstruct(const Batch& batch, Noise&) override { return batch.x; }
  Tensor log_weights(const Batch& batch, int64_t k, Noise&) override {
    return at::full({k, batch.size()}, -7.0);
  }
  Tensor log_likelihood(const Batch& batch) override { return -batch.x.flatten(1).sum(1); }
  std::optional<std::string> no_exact_likelihood() const override { return refusal; }
  std::optional<std::string> refusal;
};

TEST(Scores, AreExactWhereTheModelIs) {
  Exact model;
  const Data data = small_data(at::arange(6).view({3, 2}));
  EXPECT_EQ(score_examples({model, data}, {.score = Score::nll}).values, (std::vector<double>{1, 5, 9}));
  EXPECT_EQ(score_examples({model, data}, {.score = Score::elbo}).values, (std::vector<double>{-7, -7, -7}));
  model.refusal = "too large";
  EXPECT_EQ(score_examples({model, data}, {.score = Score::nll}).values, (std::vector<double>{7, 7, 7}));
}

TEST(Scores, ComeFromWhatTheModelCan) {
  testing::Half half;
  LinearGaussian model;
  const Data data = small_data(at::ones({3, 6}));
  EXPECT_EQ(score_examples({half, data}, {}).by, Score::reconstruction);
  EXPECT_EQ(score_examples({half, data}, {}).values, (std::vector<double>{1.5, 1.5, 1.5}));
  EXPECT_EQ(score_examples({model, data}, {}).by, Score::elbo);
  model.refusal = "grey pixels";
  EXPECT_EQ(score_examples({model, data}, {}).by, Score::reconstruction);
  EXPECT_EQ(why_no_scores({model, data}, Score::nll), "grey pixels");
  EXPECT_TRUE(says(why_no_scores({half, data}, Score::nll), {"likelihood", "use `reconstruction`"}));
  test::expect_error("[elbo] expected examples that have this score",
                     [&] { score_examples({half, data}, {.score = Score::elbo}); });
  EXPECT_TRUE(says(why_no_scores({half, data, Split::validation}, Score::auto_), {"holds no examples"}));
}

TEST(Scores, TurnSoThatHighIsUnusual) {
  const Scores elbo{Score::elbo, {-3, -1}};
  EXPECT_EQ(elbo.surprises(), (std::vector<double>{3, 1}));
  EXPECT_FALSE(elbo.high_is_unusual());
  const Scores nll{Score::nll, {3, 1}};
  EXPECT_EQ(nll.surprises(), (std::vector<double>{3, 1}));
  EXPECT_EQ((Scores{Score::reconstruction, {2}}.unit()), "squared error");
}

TEST(Scores, ByDrawsSayHowFarTheyCanBeTrusted) {
  LinearGaussian bad(3, 1, 12, 8);
  const Data data = small_data(bad.draw(20, 1));
  const Scores doubtful = score_examples({bad, data}, {.score = Score::nll, .draws = 200});
  ASSERT_TRUE(doubtful.trust);
  EXPECT_EQ(doubtful.trust->draws, 200);
  EXPECT_LT(doubtful.trust->effective_draws, 10);
  EXPECT_TRUE(says(doubtful.why_doubted("raise --draws"), {"of 200 draws", "raise --draws"}));
  EXPECT_FALSE(score_examples({bad, data}, {.score = Score::elbo}).why_doubted(""));
  LinearGaussian good(0.1, 1.1, 12, 8);
  EXPECT_FALSE(score_examples({good, data}, {.score = Score::nll, .draws = 200}).why_doubted(""));
  Exact exact;
  EXPECT_FALSE(score_examples({exact, data}, {.score = Score::nll}).trust);
}

TEST(Scores, AreFiniteOrNoneAreGiven) {
  Exact exact;
  const double infinity = std::numeric_limits<double>::infinity();
  const Data data = small_data(at::tensor({0.0, infinity}).view({2, 1}));
  test::expect_error("inf for example 1", [&] { score_examples({exact, data}, {.score = Score::nll}); });
  testing::Half half;
  test::expect_error("nan for example 1", [&] { score_examples({half, data}, {}); });
}

TEST(Scores, AreOfTheFirstExamplesWhenFewAreAskedFor) {
  LinearGaussian model(0.3);
  const Data data = small_data(model.draw(30, 1));
  for (const Score by : {Score::elbo, Score::nll, Score::reconstruction}) {
    const Scores all = score_examples({model, data}, {.score = by, .draws = 5});
    const Scores few = score_examples({model, data}, {.score = by, .draws = 5}, 12);
    ASSERT_EQ(few.values.size(), 12U);
    EXPECT_TRUE(std::equal(few.values.begin(), few.values.end(), all.values.begin()));
  }
}

TEST(ScoredData, IsTreatedAsTheTrainingData) {
  Data trained = small_data(at::zeros({3, 2}));
  trained.config = {.path = "here", .binarise = Binarise::dynamic, .limit = 7, .without_class = 2};
  const DataConfig same = treated_alike(trained, "small");
  EXPECT_EQ(same.path, "here");
  EXPECT_EQ(same.limit, 0) << "counts the training's examples, not those that are looked at";
  EXPECT_EQ(same.without_class, -1) << "left out of the training, not of what is looked at";
  const DataConfig other = treated_alike(trained, "other");
  EXPECT_EQ(other.path, "");
  EXPECT_EQ(other.limit, 0);
  EXPECT_EQ(other.binarise, Binarise::dynamic);
}

/// Rows that know whether their values are 0 or 1.
Data data_of(const Tensor& x, Binarise binarise = Binarise::none) {
  const Tensor values = x.to(at::kFloat).contiguous();
  const auto rows = std::make_shared<MemoryDataset>(
      "test", MemoryDataset::Contents{.shape = Shape(x.sizes().begin() + 1, x.sizes().end()),
                                      .values = io::make_array(std::span(values.const_data_ptr<float>(),
                                                                         static_cast<size_t>(x.numel())),
                                                               x.sizes().vec())});
  Data data = small_data(rows, rows);
  data.config.binarise = binarise;
  return data;
}

// Grey outliers of a model of sprites, whose pixels are 0 and 1 as they stand: nobody has to say how.
TEST(ScoredData, IsMadeBinaryWhereTheTrainingDataAreSoAsTheyStand) {
  const Data binary = data_of(at::ones({2, 1, 2, 2}));
  EXPECT_EQ(treated_alike(binary, "other").binarise, Binarise::dynamic);
  EXPECT_EQ(treated_alike(binary, "small").binarise, Binarise::dynamic)
      << "the same name, perhaps not the file";
  EXPECT_EQ(treated_alike(data_of(at::full({2, 1, 2, 2}, 0.4)), "other").binarise, Binarise::none);
  EXPECT_EQ(treated_alike(data_of(at::ones({2, 1, 2, 2}), Binarise::static_), "other").binarise,
            Binarise::static_);
  EXPECT_TRUE(is_binary(binary));
}

TEST(ScoredData, MustBeOfTheKindThatTheModelKnows) {
  const Data binary = data_of(at::ones({2, 1, 2, 2}));
  const Data grey = data_of(at::full({2, 1, 2, 2}, 0.4));
  const Data large = data_of(at::full({2, 1, 2, 2}, 40.0));
  const Data wide = data_of(at::ones({2, 1, 2, 3}));
  const auto refusal = [](const Data& trained, const Data& examples, Score by) {
    return test::message_of(
        [&] { check_comparable("score", trained, examples, by != Score::reconstruction); });
  };
  EXPECT_TRUE(says(refusal(binary, wide, Score::reconstruction), {"shape 1x2x2", "1x2x3", "--data.size 2"}));
  EXPECT_TRUE(says(refusal(binary, data_of(at::ones({2, 5})), Score::elbo), {"a data set of that shape"}));
  EXPECT_TRUE(says(refusal(binary, grey, Score::elbo), {"pixels of 0 or 1", "--data.binarise dynamic"}));
  EXPECT_TRUE(says(refusal(grey, large, Score::nll), {"from 0 to 1", "values outside"}));
  EXPECT_NO_THROW(
      check_comparable("score", binary, data_of(at::full({2, 1, 2, 2}, 0.4), Binarise::dynamic), true));
  EXPECT_NO_THROW(check_comparable("score", grey, binary, true));
  EXPECT_NO_THROW(check_comparable("score", binary, grey, false));
}

}  // namespace
}  // namespace isthmus
