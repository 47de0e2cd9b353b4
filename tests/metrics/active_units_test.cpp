#include "isthmus/metrics/active_units.hpp"

#include <gtest/gtest.h>

#include "isthmus/metrics/linear_probe.hpp"

#include "tests/support/linear_gaussian.hpp"
#include "tests/support/more.hpp"

namespace isthmus::metrics::active_units {
namespace {

using testing::LinearGaussian;
using testing::more;
using testing::says;
using testing::small_data;

/// A likelihood of what is left open, and no code of an example alone.
struct Given final : Model, LatentVariable, Conditional {
  Loss loss(const Batch& batch, Step&) override { return {.terms = {{"loss", batch.x.sum()}}}; }
  Tensor reconstruct(const Batch& batch, Noise&) override { return batch.x; }
  Tensor log_weights(const Batch& batch, int64_t k, Noise&) override { return at::zeros({k, batch.size()}); }
  Tensor sample_given(const Batch& given, Noise&) override { return given.x; }
  Tensor given_part() const override { return {}; }
  int64_t given_classes() const override { return 2; }
};

/// The pixels are the posterior mean.
struct Identity final : Model, LatentVariable, Encoder, GaussianPosterior {
  Loss loss(const Batch& batch, Step&) override { return {.terms = {{"loss", batch.x.sum()}}}; }
  Tensor reconstruct(const Batch& batch, Noise&) override { return batch.x; }
  Tensor log_weights(const Batch& batch, int64_t k, Noise&) override { return at::zeros({k, batch.size()}); }
  Tensor encode(const Tensor& x) override { return x; }
  GaussianParameters posterior(const Tensor& x) override { return {x, at::zeros_like(x)}; }
};

// Columns of ±a have variance a²: .0081 and .0121 lie on either side of .01, far from zero as near it.
TEST(ActiveUnits, CountsTheUnitsWhoseMeanVariesAboveTheThreshold) {
  const Tensor sign = (at::arange(2000) % 2 * 2 - 1).to(at::kFloat).unsqueeze(1);
  const Tensor x = sign * at::tensor({0.0, 0.09, 0.11, 1.0, 0.09, 0.11}).to(at::kFloat) +
                   at::tensor({5.0, 0.0, 0.0, 0.0, 300.0, 300.0}).to(at::kFloat);
  const Data data = small_data(x);
  Identity model;
  const auto result = measure({model, data}, {});
  EXPECT_EQ(result.value, 3);
  EXPECT_EQ(more(result, "total"), 6);
  EXPECT_EQ(result.unit, "units");
  EXPECT_FALSE(result.standard_error);
  EXPECT_EQ(measure({model, data}, {.threshold = 0.5}).value, 1);
  EXPECT_EQ(more(measure({model, data}, {.images = 10}), "images"), 10);
}

TEST(ActiveUnits, SaysWhyThereAreNoneAndWhatToUse) {
  testing::Half half;
  LinearGaussian model;
  const Data data = small_data(model.draw(3, 1));
  EXPECT_TRUE(says(why_not({half, data}), {"active_units", "latent variables", "use `linear_probe`"}));
  EXPECT_TRUE(says(why_not({model, data}), {"a Gaussian code", "use `rate_distortion`"})) << "it says no q";
  Given given;
  EXPECT_TRUE(says(why_not({given, data}), {"not of the example alone", "use `rate_distortion`"}));
  EXPECT_TRUE(says(linear_probe::why_not({given, data}), {"not of the example alone"}));
  EXPECT_TRUE(says(linear_probe::why_not({half, data}), {"has no encoder"}));
  Identity gaussian;
  EXPECT_FALSE(why_not({gaussian, data}));
  EXPECT_TRUE(says(why_not({gaussian, data, Split::validation}), {"holds no examples", "--split"}));
}

}  // namespace
}  // namespace isthmus::metrics::active_units
