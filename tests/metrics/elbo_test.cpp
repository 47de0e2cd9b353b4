#include "isthmus/metrics/elbo.hpp"

#include <gtest/gtest.h>

#include "tests/support/linear_gaussian.hpp"
#include "tests/support/more.hpp"

namespace isthmus::metrics::elbo {
namespace {

using testing::LinearGaussian;
using testing::more;
using testing::says;
using testing::small_data;

TEST(Elbo, IsTheEvidenceWhereThePosteriorIsExact) {
  LinearGaussian model;
  const Tensor x = model.draw(50, 1);
  const Data data = small_data(x);
  const auto result = measure({model, data}, {.draws = 3});
  const Tensor truth = model.log_evidence(x);
  EXPECT_NEAR(result.value, truth.mean().item<double>(), 1e-9);
  EXPECT_NEAR(result.standard_error.value(), truth.std().item<double>() / std::sqrt(50.0), 1e-9);
  EXPECT_NEAR(more(result, "standard_error_of_draws"), 0, 1e-9);
  EXPECT_EQ(result.unit, "nats");
}

// Peers that take the mean over latents (or pixels) instead of the sum are off by a factor of 8 here.
TEST(Elbo, TheDivergenceIsSummedOverLatentsNotAveraged) {
  LinearGaussian model(0.3, 1.3, 12, 8);
  const Tensor x = model.draw(20, 1);
  const Data data = small_data(x);
  const auto result = measure({model, data}, {.draws = 2000});
  const double error = more(result, "standard_error_of_draws");
  EXPECT_GT(model.gap(), 50 * error);
  EXPECT_NEAR(result.value, model.log_evidence(x).mean().item<double>() - model.gap(), 4 * error);
}

TEST(Elbo, DrawsAndImagesAreHeeded) {
  LinearGaussian model(0.3);
  const Data data = small_data(model.draw(30, 1));
  const auto result = measure({model, data}, {.draws = 7, .images = 12});
  int64_t drawn = 0;
  for (const auto& call : model.calls) drawn += call.images * call.draws;
  EXPECT_EQ(drawn, 7 * 12);
  EXPECT_EQ(more(result, "draws"), 7);
  EXPECT_EQ(more(result, "images"), 12);
}

TEST(Elbo, OneDrawHasNoErrorOfItsOwnToShow) {
  LinearGaussian model(0.3);
  const Data data = small_data(model.draw(30, 1));
  const auto result = measure({model, data}, {.draws = 1});
  EXPECT_TRUE(result.standard_error);
  EXPECT_FALSE(testing::has_more(result, "standard_error_of_draws"));
}

TEST(Elbo, SaysWhyThereIsNoneAndWhatToUse) {
  testing::Half half;
  LinearGaussian model;
  const Data data = small_data(model.draw(3, 1));
  EXPECT_TRUE(says(why_not({half, data}), {"elbo", "likelihood", "use `reconstruction`"}));
  EXPECT_FALSE(why_not({model, data}));
  EXPECT_TRUE(says(why_not({model, data, Split::validation}),
                   {"validation", "holds no examples", "--data.validation"}));
  model.refusal = "grey pixels; use --data.binarise dynamic";
  EXPECT_EQ(why_not({model, data}), model.refusal);
}

}  // namespace
}  // namespace isthmus::metrics::elbo
