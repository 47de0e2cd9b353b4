#include "isthmus/metrics/amortisation_gap.hpp"

#include <gtest/gtest.h>

#include "isthmus/models/iwae.hpp"
#include "isthmus/models/vae.hpp"

#include "tests/support/gaussian_models.hpp"
#include "tests/support/linear_gaussian.hpp"
#include "tests/support/more.hpp"

namespace isthmus::metrics::amortisation_gap {
namespace {

using testing::more;
using testing::ProbabilisticPca;
using testing::says;
using testing::small_data;
namespace vae = models::vae;

// q moved away from the exact posterior: what is lost is KL(q ‖ posterior), and fitting to each image finds
// it again.
TEST(AmortisationGap, IsTheDivergenceThatTheEncoderLeaves) {
  const ProbabilisticPca pca;
  const auto model = pca.build<vae::Model, vae::Config>();
  const Tensor x = pca.draw(60, 1);
  const Data data = small_data(x);
  for (const auto& [shift, widen] : {std::pair{0.3, 0.0}, std::pair{0.0, -0.8}, std::pair{0.2, 0.5}}) {
    pca.set(*model);
    ProbabilisticPca::move_posterior(*model, shift, widen);
    const auto result = measure({*model, data}, {.draws = 2000});
    const double truth = pca.gap(shift, widen);
    EXPECT_GT(truth, 0.1);
    EXPECT_NEAR(result.value, truth, 0.05 * truth + 4 * result.standard_error.value());
    EXPECT_NEAR(more(result, "elbo_refined"), pca.log_likelihood(x).mean().item<double>(), 0.02);
    EXPECT_NEAR(more(result, "elbo_refined") - more(result, "elbo"), result.value, 1e-9);
  }
}

// A fit that is judged by the draws it was made with gains even where there is nothing to gain.
TEST(AmortisationGap, IsNothingWhereTheEncoderIsExact) {
  const ProbabilisticPca pca;
  const auto model = pca.build<vae::Model, vae::Config>();
  const Data data = small_data(pca.draw(60, 1));
  const auto result = measure({*model, data}, {});
  EXPECT_LT(result.value, 1e-4);
  EXPECT_GT(result.value, -0.01);
}

TEST(AmortisationGap, LeavesTheModelAsItWas) {
  vae::Model model(testing::small_config<vae::Config>(), testing::small_binary_images(), Noise(1));
  const Data data = small_data(testing::draw_images(20).x);
  std::vector<Tensor> before;
  for (const Tensor& parameter : model.parameters()) before.push_back(parameter.detach().clone());
  measure({model, data}, {.steps = 5});
  const auto after = model.parameters();
  for (size_t i = 0; i < after.size(); ++i) {
    EXPECT_TRUE(after[i].equal(before[i]));
    EXPECT_TRUE(after[i].requires_grad());
    EXPECT_FALSE(after[i].grad().defined());
  }
}

TEST(AmortisationGap, AnImagesShareDoesNotDependOnTheOthers) {
  vae::Model model(testing::small_config<vae::Config>(), testing::small_binary_images(), Noise(1));
  const Tensor x = testing::draw_images(130).x;  // a batch and a part
  const Data all = small_data(x);
  const Data front = small_data(x.narrow(0, 0, 7));
  const Config config{.images = 7, .steps = 20};
  EXPECT_NEAR(measure({model, all}, config).value, measure({model, front}, config).value, 1e-3);
}

TEST(AmortisationGap, RefinesBothStochasticLayers) {
  namespace iwae = models::iwae;
  auto config = testing::small_config<iwae::Config>();
  config.latent = {4, 2};
  config.between = {8};
  iwae::Model model(config, testing::small_binary_images(), Noise(1));
  const Data data = small_data(testing::draw_images(20).x);
  const auto result = measure({model, data}, {.steps = 100, .draws = 1000});
  EXPECT_GT(result.value, 4 * result.standard_error.value());
}

TEST(AmortisationGap, SaysWhyThereIsNone) {
  testing::Half half;
  testing::LinearGaussian fixed;
  const Data data = small_data(fixed.draw(3, 1));
  EXPECT_TRUE(says(why_not({half, data}), {"amortisation_gap", "use `reconstruction`"}));
  EXPECT_TRUE(says(why_not({fixed, data}), {"gradient steps"}));
}

}  // namespace
}  // namespace isthmus::metrics::amortisation_gap
