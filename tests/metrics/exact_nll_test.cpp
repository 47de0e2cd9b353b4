#include "isthmus/metrics/exact_nll.hpp"

#include <gtest/gtest.h>

#include "isthmus/metrics/nll.hpp"
#include "isthmus/models/vae.hpp"

#include "tests/support/gaussian_models.hpp"
#include "tests/support/linear_gaussian.hpp"
#include "tests/support/more.hpp"

namespace isthmus::metrics::exact_nll {
namespace {

using testing::more;
using testing::ProbabilisticPca;
using testing::says;
using testing::small_data;
namespace vae = models::vae;

TEST(ExactNll, IsTheClosedFormAndWhatTheEstimateTendsTo) {
  const ProbabilisticPca pca;
  const auto model = pca.build<vae::Model, vae::Config>();
  ProbabilisticPca::move_posterior(*model, 0.2, 0.4);
  const Tensor x = pca.draw(230, 1);  // two batches and a part
  const Data data = small_data(x);
  const auto result = measure({*model, data}, {});
  const Tensor truth = -pca.log_likelihood(x);
  EXPECT_NEAR(result.value, truth.mean().item<double>(), 1e-5);
  EXPECT_NEAR(result.standard_error.value(), truth.std().item<double>() / std::sqrt(230.0), 1e-5);
  EXPECT_EQ(more(result, "images"), 230);
  EXPECT_EQ(result.unit, "nats");

  const auto estimate = nll::measure({*model, data}, {.draws = 2000});
  EXPECT_NEAR(estimate.value, result.value, 4 * more(estimate, "standard_error_of_draws"));
}

TEST(ExactNll, ImagesAreHeeded) {
  const ProbabilisticPca pca;
  const auto model = pca.build<vae::Model, vae::Config>();
  const Tensor x = pca.draw(30, 1);
  const Data data = small_data(x);
  EXPECT_NEAR(measure({*model, data}, {.images = 12}).value,
              -pca.log_likelihood(x.narrow(0, 0, 12)).mean().item<double>(), 1e-5);
}

TEST(ExactNll, SaysWhyThereIsNone) {
  testing::Half half;
  const ProbabilisticPca pca;
  const auto model = pca.build<vae::Model, vae::Config>();
  const Data data = small_data(pca.draw(3, 1));
  EXPECT_EQ(why_not({*model, data}), std::nullopt);
  EXPECT_TRUE(says(why_not({half, data}), {"exact_nll", "use `nll`", "`reconstruction`"}));
  EXPECT_TRUE(says(why_not({*model, data, Split::validation}), {"holds no examples"}));
  vae::Model deep(testing::small_config<vae::Config>(), testing::small_binary_images(), Noise(1));
  EXPECT_TRUE(says(why_not({deep, data}), {"closed form", "use `nll`"}));
}

}  // namespace
}  // namespace isthmus::metrics::exact_nll
