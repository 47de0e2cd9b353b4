#include "isthmus/models/beta_vae.hpp"

#include <gtest/gtest.h>

#include "isthmus/core/error.hpp"
#include "isthmus/core/settings.hpp"
#include "isthmus/models/vae.hpp"

#include "tests/support/gaussian_models.hpp"

namespace isthmus::models::beta_vae {
namespace {

using testing::draw_images;
using testing::expect_same;
using testing::loss_and_gradients;
using testing::small_binary_images;
using testing::small_config;
using testing::term;
using testing::training_step;

std::shared_ptr<Model> build(Schedule beta, Schedule capacity = 0.0,
                             nn::Likelihood likelihood = nn::Likelihood::bernoulli) {
  auto config = small_config<Config>(likelihood);
  config.beta = std::move(beta);
  config.capacity = std::move(capacity);
  return std::make_shared<Model>(config, small_binary_images(), Noise(1));
}

TEST(BetaVae, IsTheVaeAtBetaOneBitForBit) {
  for (const auto likelihood : {nn::Likelihood::bernoulli, nn::Likelihood::gaussian}) {
    const auto ours = build(1.0, 0.0, likelihood);
    vae::Model vae(small_config<vae::Config>(likelihood), small_binary_images(), Noise(1));
    for (const int64_t index : {0, 7})
      expect_same(loss_and_gradients(*ours, draw_images(6), training_step(index)),
                  loss_and_gradients(vae, draw_images(6), training_step(index)));
  }
}

// Burgess's loss at capacity 0 and gamma = beta, gamma·|KL − 0|, is Higgins's, beta·KL: by hand from the
// terms.
TEST(BetaVae, HasHigginsLossAtCapacityZeroBitForBit) {
  const auto model = build(4.0);
  Step step = training_step(3);
  const Loss loss = model->loss(draw_images(6), step);
  const Tensor by_hand = term(loss, "reconstruction") + 4.0 * term(loss, "kl");
  EXPECT_EQ(loss.total().item<float>(), by_hand.item<float>());

  const auto ours = loss_and_gradients(*model, draw_images(6), training_step(3));
  model->zero_grad();
  Step again = training_step(3);
  const Loss fresh = model->loss(draw_images(6), again);
  (term(fresh, "reconstruction") + 4.0 * term(fresh, "kl")).backward();
  for (const auto& [name, gradient] : ours.gradients)
    EXPECT_TRUE(model->named_parameters()[name].grad().equal(gradient)) << name;
}

TEST(BetaVae, PaysForNatsOnEitherSideOfItsCapacity) {
  const auto kl_of = [](const Loss& loss) { return term(loss, "kl").item<double>(); };
  Step step = training_step(0);
  const double kl = kl_of(build(1.0)->loss(draw_images(6), step));
  ASSERT_GT(kl, 0);
  for (const double capacity : {kl / 2, 3 * kl}) {
    Step again = training_step(0);
    const Loss loss = build(10.0, capacity)->loss(draw_images(6), again);
    EXPECT_NEAR(loss.total().item<double>(),
                term(loss, "reconstruction").item<double>() + 10 * std::abs(kl - capacity), 1e-4);
  }
}

// The KL is held against the capacity as a sum over the latents: a peer that averages it over them, or over
// the pixels, would want 3 or 16 times the capacity.
TEST(BetaVae, CountsTheKlInNatsOfTheWholeCode) {
  const auto model = build(1.0);
  Step step = training_step(0);
  const Batch batch = draw_images(6);
  const double kl = term(model->loss(batch, step), "kl").item<double>();
  const auto [mean, log_variance] = model->posterior(batch.x);
  const Tensor by_latent = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).mean(0);
  ASSERT_EQ(by_latent.size(0), 3);
  EXPECT_NEAR(kl, by_latent.sum().item<double>(), 1e-5);
}

TEST(BetaVae, FollowsItsSchedules) {
  const auto model = build(Schedule::parse("0:0, 10:5"), Schedule::parse("0:0, 10:2"));
  const auto penalty = [&](int64_t index) {
    Step step = training_step(index);
    const Loss loss = model->loss(draw_images(6), step);
    return std::pair{loss.total().item<double>() - term(loss, "reconstruction").item<double>(),
                     term(loss, "kl").item<double>()};
  };
  EXPECT_EQ(penalty(0).first, 0);
  EXPECT_NEAR(penalty(5).first, 2.5 * std::abs(penalty(5).second - 1), 1e-4);
  EXPECT_NEAR(penalty(100).first, 5 * std::abs(penalty(100).second - 2), 1e-4);
}

TEST(BetaVae, DoubtsACapacityAtThePriceOfNone) {
  const Schedule unset = Config{}.beta;
  EXPECT_TRUE(build(unset)->warnings().empty());
  EXPECT_TRUE(build(1000.0, 25.0)->warnings().empty());
  ASSERT_EQ(build(unset, 25.0)->warnings().size(), 1U);
  EXPECT_NE(build(unset, 25.0)->warnings().front().find("--beta 1000"), std::string::npos);
}

TEST(BetaVae, RefusesANegativePriceOrCapacity) {
  Settings settings{Config{}};
  EXPECT_THROW(settings.set("beta", "-1"), UsageError);
  EXPECT_THROW(settings.set("capacity", "0:0, 100:-2"), UsageError);
}

}  // namespace
}  // namespace isthmus::models::beta_vae
