#include "isthmus/metrics/pca.hpp"

#include <memory>
#include <utility>

#include <gtest/gtest.h>

#include "isthmus/core/error.hpp"
#include "isthmus/datasets/fashion_mnist.hpp"

#include "tests/support/errors.hpp"
#include "tests/support/linear_gaussian.hpp"
#include "tests/support/more.hpp"
#include "tests/support/tiny_autoencoder.hpp"

namespace isthmus::metrics::pca {
namespace {

using testing::more;
using testing::Rows;
using testing::says;
using testing::small_data;
using testing::TinyAutoencoder;

// The exact anchors: pixels / 255, all 60,000 training images, the 10,000 test images; numpy, which shares no
// code with this, gives the same to the last digit.
TEST(Pca, HasTheErrorsOfFashionMnist) {
  Source source;
  try {
    source = datasets::fashion_mnist::open({});
  } catch (const Error& error) {
    GTEST_SKIP() << error.what();
  }
  const Data data = cut("fashion_mnist", source, {.validation = 0});
  TinyAutoencoder model(10, {1, 28, 28});
  const Subject subject{.model = model, .data = data};
  ASSERT_FALSE(why_not(subject));
  const ops::Covariance fitted = covariance(subject, 0);
  EXPECT_EQ(fitted.count(), 60'000);
  EXPECT_NEAR(fitted.mean().mean().item<double>(), 0.286041, 5e-7);
  const ops::PrincipalComponents all = fitted.principal_components(128);
  EXPECT_NEAR(all.total * 59'999 / 60'000, 68.2163, 1e-4);
  for (const auto& [k, error] : {std::pair{2, 36.1394},
                                 {10, 19.0916},
                                 {20, 14.6645},
                                 {32, 11.8716},
                                 {50, 9.3961},
                                 {64, 8.1286},
                                 {128, 4.9490}})
    EXPECT_NEAR(errors(subject, all.first(k), 0).mean(), error, 1e-4) << "k = " << k;
}

/// Two directions of variance 9 and 4 in the plane of pixels 1 and 2, and 1 at pixel 3, about a mean of 10;
/// six points, so that every figure is a small fraction.
Tensor cross() {
  const Tensor along = at::diag(at::tensor({3.0, 2.0, 1.0}) * std::sqrt(3.0));
  return at::cat({along, -along}) + 10;
}

TEST(Pca, LosesTheVarianceOfTheDirectionsLeftOut) {
  const Data data = small_data(cross());
  for (const auto& [code, lost] : {std::pair{1, 5.0}, {2, 1.0}}) {
    TinyAutoencoder model(code, {3});
    const auto result = measure({model, data}, {});
    EXPECT_NEAR(result.value, lost, 1e-5) << "on what it was fitted to";
    EXPECT_EQ(result.unit, "squared error");
    EXPECT_EQ(more(result, "components"), code);
    EXPECT_NEAR(more(result, "train_variance"), 14, 1e-5);
    EXPECT_NEAR(more(result, "explained"), 1 - lost / 14, 1e-7);
    EXPECT_NEAR(more(result, "mean_pixel"), 10, 1e-6);
    EXPECT_EQ(more(result, "train_examples"), 6);
    EXPECT_TRUE(result.warnings.empty());
  }
  TinyAutoencoder model(2, {3});
  EXPECT_NEAR(measure({model, data}, {.components = 1}).value, 5, 1e-5);
}

TEST(Pca, IsFittedToTheTrainingSplitAndMeasuredOnTheOther) {
  // Far along the first direction nothing is lost; off the plane all of the distance is.
  const Tensor test = at::tensor({100.0, 10.0, 10.0, 10.0, 10.0, 15.0}).view({2, 3});
  const Data data = small_data(std::make_shared<Rows>(cross()), std::make_shared<Rows>(test));
  TinyAutoencoder model(2, {3});
  const auto result = measure({model, data}, {});
  EXPECT_NEAR(result.value, 12.5, 1e-4);
  EXPECT_NEAR(result.standard_error.value(), 12.5, 1e-4);
  EXPECT_EQ(more(result, "images"), 2);
  EXPECT_NEAR(measure({model, data}, {.images = 1}).value, 0, 1e-4);
}

TEST(Pca, SeesBinarisedPixelsAsTheModelDoes) {
  Data data = small_data(at::full({4000, 1, 1, 2}, 0.5));
  data.config.binarise = Binarise::dynamic;
  TinyAutoencoder model(1, {1, 1, 2});
  const auto result = measure({model, data}, {});
  EXPECT_NEAR(more(result, "train_variance"), 0.5, 0.005) << "two fair coins";
  EXPECT_NEAR(result.value, 0.25, 0.01);
}

TEST(Pca, ReportsItsProgressAndKeepsToItsExamples) {
  const Data data = small_data(Noise(5).normal({4100, 3}));
  TinyAutoencoder model(1, {3});
  Subject subject{.model = model, .data = data};
  std::vector<int64_t> done_so_far;
  subject.progress = [&](int64_t done, int64_t total, std::string_view unit) {
    EXPECT_EQ(total, 4050);
    EXPECT_EQ(unit, "training examples");
    done_so_far.push_back(done);
  };
  const auto result = measure(subject, {.examples = 4050});
  EXPECT_EQ(done_so_far, (std::vector<int64_t>{2000, 4000, 4050}));
  EXPECT_EQ(more(result, "train_examples"), 4050);
  EXPECT_EQ(more(result, "images"), 4100);
}

TEST(Pca, RefusesAndWarns) {
  const Data data = small_data(cross());
  TinyAutoencoder model(2, {3});
  test::expect_error("[pca] expected fewer components than the 3 dimensions of an example, got 3",
                     [&] { measure({model, data}, {.components = 3}); });
  const auto few = measure({model, data}, {.examples = 2});
  ASSERT_EQ(few.warnings.size(), 1U);
  EXPECT_TRUE(says(few.warnings[0], {"2 training examples", "2 directions", "only 1", "--pca.examples"}));
  EXPECT_EQ(more(few, "components"), 1);
}

TEST(Pca, SaysWhyThereIsNoneAndWhatToTry) {
  testing::Half half;
  TinyAutoencoder model(2, {3});
  TinyAutoencoder wide(3, {3});
  const Data data = small_data(cross());
  const Data large = small_data(at::zeros({2, 3, 37, 37}));
  EXPECT_FALSE(why_not({model, data}));
  EXPECT_TRUE(says(why_not({half, data}), {"no such code", "use `reconstruction`"}));
  EXPECT_TRUE(says(why_not({wide, data}), {"a code of 3 numbers holds all 3", "use `reconstruction`"}));
  EXPECT_TRUE(says(why_not({model, large}), {"4107 dimensions", "4096", "--data.size"}));
  EXPECT_TRUE(says(why_not({model, data, Split::validation}), {"holds no examples", "--split"}));
  const Data lone = small_data(std::make_shared<Rows>(at::ones({1, 3})), std::make_shared<Rows>(cross()));
  EXPECT_TRUE(says(why_not({model, lone}), {"two training examples"}));
}

}  // namespace
}  // namespace isthmus::metrics::pca
