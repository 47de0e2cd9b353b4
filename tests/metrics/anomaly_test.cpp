#include "isthmus/metrics/anomaly.hpp"

#include <gtest/gtest.h>

#include "isthmus/io/npz.hpp"

#include "tests/support/errors.hpp"
#include "tests/support/linear_gaussian.hpp"
#include "tests/support/more.hpp"
#include "tests/support/temporary_folder.hpp"

namespace isthmus::metrics::anomaly {
namespace {

using testing::LinearGaussian;
using testing::more;
using testing::says;

/// Draws of the model, and after them points `distance` off, of class 1.
Data with_outliers(const LinearGaussian& model, double distance) {
  const Tensor x = at::cat({model.draw(60, 1), model.draw(20, 2) + distance});
  std::vector<int64_t> labels(80, 0);
  std::fill(labels.begin() + 60, labels.end(), 1);
  Data data = testing::small_data(x, labels);
  data.config.without_class = 1;
  return data;
}

TEST(Anomaly, IsTheAreaOfTheExactEvidence) {
  LinearGaussian model;
  const Data data = with_outliers(model, 0.7);
  const Tensor x = at::cat({model.draw(60, 1), model.draw(20, 2) + 0.7});
  const Tensor surprise = -model.log_evidence(x);
  const Tensor above = surprise.narrow(0, 60, 20).unsqueeze(1) > surprise.narrow(0, 0, 60);
  for (const Score by : {Score::elbo, Score::nll}) {
    const auto result = measure({model, data}, {.class_ = 1, .scoring = {.score = by, .draws = 3}});
    EXPECT_NEAR(result.value, above.to(at::kDouble).mean().item<double>(), 1e-12);
    EXPECT_EQ(result.unit, "AUC by " + enum_name(by));
    EXPECT_EQ(more(result, "examples"), 60);
    EXPECT_EQ(more(result, "outliers"), 20);
    const double sign = by == Score::elbo ? -1 : 1;
    EXPECT_NEAR(more(result, "outliers_" + enum_name(by)),
                sign * surprise.narrow(0, 60, 20).mean().item<double>(), 1e-9);
    EXPECT_GT(result.standard_error.value(), 0);
    EXPECT_GT(result.value, 0.6);
    EXPECT_TRUE(result.warnings.empty());
  }
}

TEST(Anomaly, IsOneFarAwayAndSaysWhenItIsTheWrongWayRound) {
  LinearGaussian model;
  EXPECT_EQ(measure({model, with_outliers(model, 50)}, {.class_ = 1}).value, 1);
  // The middle of the distribution is likelier than any draw of it: all pixels at the model's mean.
  const Data draws = with_outliers(model, 0);
  Noise noise(1);
  const Tensor middle = model.reconstruct({.x = at::zeros({1, 6})}, noise);
  const Tensor inside = at::cat({model.draw(60, 1), middle.expand({20, 6}).to(at::kFloat)});
  std::vector<int64_t> labels(80, 0);
  std::fill(labels.begin() + 60, labels.end(), 1);
  Data data = testing::small_data(inside, labels);
  data.config.without_class = 1;
  const auto result = measure({model, data}, {.class_ = 1});
  EXPECT_LT(result.value, 0.3);
  ASSERT_EQ(result.warnings.size(), 1U);
  EXPECT_TRUE(says(result.warnings[0], {"look more usual", "another --anomaly.score"}));
}

TEST(Anomaly, WarnsWhenTheModelKnowsTheClass) {
  LinearGaussian model;
  Data data = with_outliers(model, 5);
  data.config.without_class = -1;
  const auto result = measure({model, data}, {.class_ = 1});
  ASSERT_EQ(result.warnings.size(), 1U);
  EXPECT_TRUE(says(result.warnings[0], {"trained on class 1 too", "--data.without_class 1"}));
}

/// Another data set, as a file: `n` images of 1×2×3 pixels.
std::string file_of(const test::TemporaryFolder& folder, const Tensor& x) {
  const Tensor values = x.to(at::kFloat).contiguous();
  const auto path = folder / "outliers.npz";
  io::write_npz(path, {{"images", io::make_array(std::span(values.const_data_ptr<float>(),
                                                           static_cast<size_t>(values.numel())),
                                                 values.sizes().vec())}});
  return path.string();
}

TEST(Anomaly, TakesAnotherDataSet) {
  const test::TemporaryFolder folder;
  testing::Half half;  // leaves a quarter of every square
  const Data data = testing::small_data(at::full({4, 1, 2, 3}, 0.5));
  const std::string brighter = file_of(folder, at::full({30, 1, 2, 3}, 0.9));
  const auto result = measure({half, data}, {.outliers = "npz", .path = brighter});
  EXPECT_EQ(result.value, 1);
  EXPECT_EQ(result.unit, "AUC by reconstruction");
  EXPECT_EQ(more(result, "examples"), 4);
  EXPECT_EQ(more(result, "outliers"), 30) << "all of it, for it has no test split of its own";
  EXPECT_NEAR(more(result, "outliers_reconstruction"), 6 * 0.45 * 0.45, 1e-6);
  const auto few = measure({half, data}, {.outliers = "npz", .path = brighter, .examples = 2});
  EXPECT_EQ(more(few, "examples"), 2);
  EXPECT_EQ(more(few, "outliers"), 2);
}

TEST(Anomaly, DoubtsNatsThatFewDrawsCarry) {
  LinearGaussian bad(3, 1, 12, 8);
  Data data =
      testing::small_data(bad.draw(40, 1), {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                                            1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1});
  data.config.without_class = 1;
  const auto result = measure({bad, data}, {.class_ = 1, .scoring = {.score = Score::nll, .draws = 200}});
  ASSERT_FALSE(result.warnings.empty());
  EXPECT_TRUE(says(result.warnings[0], {"of 200 draws", "effective sample size", "raise --anomaly.draws"}));
}

TEST(Anomaly, SaysWhereTheClassIs) {
  testing::Half half;
  Data data =
      testing::small_data(std::make_shared<testing::Rows>(at::ones({3, 2}), std::vector<int64_t>{0, 0, 0}),
                          std::make_shared<testing::Rows>(at::ones({2, 2}), std::vector<int64_t>{0, 1}));
  const auto refusal = [&](int64_t left_out) {
    return test::message_of([&] { measure({half, data, Split::train}, {.class_ = left_out}); });
  };
  EXPECT_TRUE(says(refusal(1), {"0 of it among 3", "--split test"}));
  EXPECT_TRUE(says(refusal(2), {"another --anomaly.class"}));
}

TEST(Anomaly, RefusesWhatCannotBeCompared) {
  const test::TemporaryFolder folder;
  testing::Half half;
  const Data data = testing::small_data(at::full({4, 1, 2, 3}, 0.5));
  const auto refusal = [&](const Config& config) {
    return test::message_of([&] { measure({half, data}, config); });
  };
  EXPECT_TRUE(says(refusal({}), {"either --anomaly.outliers DATASET or --anomaly.class N", "neither"}));
  EXPECT_TRUE(says(refusal({.outliers = "npz", .class_ = 1}), {"both"}));
  EXPECT_TRUE(says(refusal({.outliers = "mnits"}), {"a data set, got 'mnits'; try 'mnist'"}));
  EXPECT_TRUE(says(refusal({.class_ = 1}), {"no labels"}));
  EXPECT_TRUE(says(refusal({.outliers = "npz", .path = file_of(folder, at::ones({30, 1, 3, 3}))}),
                   {"examples of shape 1x2x3", "1x3x3"}));
  const Data square = testing::small_data(at::full({4, 1, 2, 2}, 0.5));
  EXPECT_TRUE(says(test::message_of([&] {
                     measure({half, square},
                             {.outliers = "npz", .path = file_of(folder, at::ones({30, 1, 3, 3}))});
                   }),
                   {"--anomaly.size 2"}));
  EXPECT_TRUE(says(refusal({.outliers = "npz", .path = file_of(folder, at::ones({30, 1, 2, 3})), .size = 2}),
                   {"--data.size 0"}));
  EXPECT_TRUE(says(refusal({.outliers = "npz",
                            .path = file_of(folder, at::ones({30, 1, 2, 3})),
                            .scoring = {.score = Score::nll}}),
                   {"likelihood"}));
  LinearGaussian model;
  const Data labelled = with_outliers(model, 1);
  EXPECT_TRUE(
      says(test::message_of([&] { measure({model, labelled}, {.class_ = 4}); }), {"0 of it among 80"}));
  EXPECT_TRUE(says(why_not({half, data, Split::validation}), {"holds no examples"}));
}

TEST(Anomaly, IsMeasuredWhereItIsAskedFor) {
  EXPECT_FALSE(Config{}.asked());
  EXPECT_TRUE((Config{.outliers = "mnist"}.asked()));
  EXPECT_TRUE((Config{.class_ = 0}.asked()));
  const auto& entry = menu().find("anomaly");
  Settings settings = entry.defaults;
  EXPECT_FALSE(entry.asked(settings));
  settings.set("anomaly.class", "3");
  EXPECT_TRUE(entry.asked(settings));
  EXPECT_TRUE(menu().find("reconstruction").asked(menu().find("reconstruction").defaults));
}

}  // namespace
}  // namespace isthmus::metrics::anomaly
