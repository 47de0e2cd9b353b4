#include "isthmus/metrics/rate_distortion.hpp"

#include <gtest/gtest.h>

#include "isthmus/metrics/elbo.hpp"
#include "isthmus/models/vae.hpp"

#include "tests/support/gaussian_models.hpp"
#include "tests/support/linear_gaussian.hpp"
#include "tests/support/more.hpp"

namespace isthmus::metrics::rate_distortion {
namespace {

using testing::more;
using testing::ProbabilisticPca;
using testing::says;
using testing::small_data;
namespace vae = models::vae;

TEST(RateDistortionMetric, IsTheDivergenceInNatsSummedOverLatents) {
  const ProbabilisticPca pca;
  const auto model = pca.build<vae::Model, vae::Config>();
  const Tensor x = pca.draw(40, 1);
  const Data data = small_data(x);
  const auto result = measure({*model, data}, {.draws = 4000});
  const at::NoGradGuard no_grad;
  const auto [mean, log_variance] = model->posterior(x);
  // The textbook's KL, over both latents: a mean over them would be half of it.
  const double kl =
      (-0.5 * (1 + log_variance - mean.square() - log_variance.exp())).sum(1).mean().item<double>();
  EXPECT_NEAR(result.value, kl, 0.02);
  EXPECT_GT(kl, 1);
  // At the optimum the ELBO is log p(x), so the distortion is what the rate leaves of it.
  EXPECT_NEAR(more(result, "distortion"), -pca.log_likelihood(x).mean().item<double>() - kl, 0.02);
  EXPECT_NEAR(more(result, "elbo"), pca.log_likelihood(x).mean().item<double>(), 1e-4);
  EXPECT_GT(more(result, "distortion_standard_error"), 0);
}

TEST(RateDistortionMetric, AddsUpToTheElbo) {
  vae::Model model(testing::small_config<vae::Config>(), testing::small_binary_images(), Noise(1));
  const Data data = small_data(testing::draw_images(250).x);
  const Subject subject{.model = model, .data = data, .seed = 3};
  const auto result = measure(subject, {.draws = 10, .images = 210});
  const auto bound = elbo::measure(subject, {.draws = 10, .images = 210});
  EXPECT_NEAR(more(result, "elbo"), bound.value, 1e-4);  // the draws are the same too
  EXPECT_NEAR(-result.value - more(result, "distortion"), bound.value, 1e-4);
  EXPECT_EQ(more(result, "images"), 210);
}

TEST(RateDistortionMetric, SaysWhyThereIsNone) {
  testing::Half half;
  testing::LinearGaussian whole;
  const Data data = small_data(whole.draw(3, 1));
  EXPECT_TRUE(says(why_not({half, data}), {"rate_distortion", "use `reconstruction`"}));
  EXPECT_TRUE(says(why_not({whole, data}), {"log p(x|z)", "use `elbo`"}));
}

}  // namespace
}  // namespace isthmus::metrics::rate_distortion
