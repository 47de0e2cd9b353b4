#include "isthmus/models/discrete_vae.hpp"

#include <cmath>
#include <string>

#include <gtest/gtest.h>

#include "tests/models/discrete_vae.hpp"
#include "tests/support/errors.hpp"
#include "tests/support/losses.hpp"

namespace isthmus::models::discrete_vae {
namespace {

using testing::term;
using testing::training_step;

void set_prior(Model& model, const Tensor& logits) {
  const at::NoGradGuard no_grad;
  auto parameters = model.named_parameters();
  parameters["prior"].copy_(logits);
}

TEST(DiscreteVae, ExactLossIsMinusTheElboSummedOverAllCodes) {
  for (const Config& config : {config_of(Gradient::exact), categorical(Gradient::exact)}) {
    Model model(config, small_images(), Noise(1));
    const Batch batch = images(6);
    Step step = training_step(0);
    const Loss loss = model.loss(batch, step);
    const Tensor states = code_of(config).all_states(4096);
    const Tensor log_q = log_posteriors(model, config, states, batch.x);
    const Tensor log_p_x = log_likelihoods(model, states, batch.x);
    const Tensor kl = at::exp(log_q) * (log_q + std::log(static_cast<double>(states.size(0))));
    EXPECT_NEAR(term(loss, "kl").item<double>(), kl.sum(1).mean().item<double>(), 1e-5);
    EXPECT_NEAR(loss.total().item<double>(), (kl - at::exp(log_q) * log_p_x).sum(1).mean().item<double>(),
                1e-5);
  }
}

TEST(DiscreteVae, LogLikelihoodIsTheSumOverAllCodes) {
  for (Config config : {config_of(Gradient::vimco), categorical(Gradient::gumbel)}) {
    config.prior = Prior::learned;
    Model model(config, small_images(), Noise(1));
    const auto code = code_of(config);
    const Tensor prior = Noise(5).normal({code.width()});
    set_prior(model, prior);
    const Batch batch = images(6);
    const Tensor states = code.all_states(4096);
    Tensor sum = at::zeros({6}, at::kDouble);
    const Tensor log_p_x = log_likelihoods(model, states, batch.x);
    for (int64_t i = 0; i < states.size(0); ++i) {
      double p = 1;
      for (int64_t v = 0; v < config.variables; ++v) {
        if (config.latents == Latents::bernoulli) {
          const double on = 1 / (1 + std::exp(-prior[v].item<double>()));
          p *= states[i][v].item<double>() > 0 ? on : 1 - on;
        } else {
          const Tensor of_variable =
              at::softmax(prior.narrow(0, v * config.categories, config.categories), 0);
          p *= (of_variable * states[i].narrow(0, v * config.categories, config.categories))
                   .sum()
                   .item<double>();
        }
      }
      sum += p * at::exp(log_p_x.select(1, i));
    }
    EXPECT_FALSE(model.no_exact_likelihood());
    EXPECT_TRUE(model.log_likelihood(batch).allclose(at::log(sum), 1e-6, 1e-5));
  }
}

TEST(DiscreteVae, LogLikelihoodIsOneOverAllImages) {
  Model model(config_of(Gradient::vimco), {.shape = {1, 2, 3}, .binary = true}, Noise(1));
  const Tensor x = distributions::DiscreteCode{.variables = 6}.all_states(64).view({64, 1, 2, 3});
  EXPECT_NEAR(at::exp(model.log_likelihood({.x = x})).sum().item<double>(), 1, 1e-5);
}

TEST(DiscreteVae, LogWeightsAreLogJointMinusLogPosterior) {
  const at::NoGradGuard no_grad;
  constexpr int64_t k = 7;
  for (const Config& config : {config_of(Gradient::vimco), categorical(Gradient::vimco)}) {
    Model model(config, small_images(), Noise(1));
    const Batch batch = images(5);
    Noise noise(3, Purpose::evaluation);
    const Tensor weights = model.log_weights(batch, k, noise);
    ASSERT_EQ(weights.sizes(), (Shape{k, 5}));
    // The same draws from the same noise; each is one of the states.
    const auto code = code_of(config);
    const Tensor states = code.all_states(4096);
    Noise same(3, Purpose::evaluation);
    const Tensor p = model.encode(batch.x);
    const Tensor logits = config.latents == Latents::bernoulli ? at::logit(p) : at::log(p);
    const Tensor z = code.draw(logits, k, same);  // [5, k, width]
    const Tensor which = (z.unsqueeze(2) == states).all(3).to(at::kFloat).argmax(2);
    const Tensor by_hand = log_likelihoods(model, states, batch.x) -
                           std::log(static_cast<double>(states.size(0))) -
                           log_posteriors(model, config, states, batch.x);
    EXPECT_TRUE(weights.t().to(at::kDouble).allclose(by_hand.gather(1, which), 1e-5, 1e-4));
  }
}

TEST(DiscreteVae, DrawsOfThePriorGiveTheLikelihoodToo) {
  const at::NoGradGuard no_grad;
  Config config = config_of(Gradient::vimco);
  config.prior = Prior::learned;
  Model model(config, small_images(), Noise(1));
  set_prior(model, at::tensor({1.0F, -1.0F, 0.5F, 0.0F}));
  const Batch batch = images(3);
  Noise noise(3);
  constexpr int64_t k = 20'000;
  const Tensor weights = at::exp(model.prior_log_weights(batch, k, noise).to(at::kDouble) + 10);
  const Tensor error = weights.std(0) / std::sqrt(static_cast<double>(k));
  const Tensor truth = at::exp(model.log_likelihood(batch) + 10);
  EXPECT_LT(((weights.mean(0) - truth).abs() / error).max().item<double>(), 4);
  EXPECT_LT((error / truth).max().item<double>(), 0.02);
}

TEST(DiscreteVae, TheRateIsTheKlOnAverage) {
  const at::NoGradGuard no_grad;
  const Config config = categorical(Gradient::exact);
  Model model(config, small_images(), Noise(1));
  const Batch batch = images(3);
  Noise noise(3);
  const auto parts = model.rate_distortion(batch, 20'000, noise);
  Step step = training_step(0);
  const Loss loss = model.loss(batch, step);
  EXPECT_NEAR(parts.rate.mean().item<double>(), term(loss, "kl").item<double>(), 0.01);
  EXPECT_NEAR(parts.distortion.mean().item<double>(), term(loss, "reconstruction").item<double>(), 0.02);
  Noise same(3);
  EXPECT_TRUE(model.log_weights(batch, 20'000, same).equal(-(parts.rate + parts.distortion)));
}

/// One variable of six values, an encoder that says the posterior of one image exactly.
TEST(DiscreteVae, HasTheLikelihoodAsElboWhenThePosteriorIsExact) {
  Config config = config_of(Gradient::exact, 1);
  config.latents = Latents::categorical;
  config.categories = 6;
  config.backbone.hidden = {};
  Model model(config, small_images(), Noise(1));
  const Batch batch = images(1);
  {
    const at::NoGradGuard no_grad;
    auto parameters = model.named_parameters();
    parameters["encoder.layer0.weight"].zero_();
    parameters["encoder.layer0.bias"].copy_(log_likelihoods(model, at::eye(6), batch.x).squeeze(0));
  }
  const double truth = model.log_likelihood(batch).item<double>();
  Step step = training_step(0);
  const Loss loss = model.loss(batch, step);
  EXPECT_NEAR(-loss.total().item<double>(), truth, 1e-5);
  Noise noise(3);
  const Tensor weights = model.log_weights(batch, 500, noise);
  EXPECT_LT((weights - truth).abs().max().item<double>(), 1e-4);
  // And no direction of q leads up from there.
  loss.total().backward();
  EXPECT_LT(model.named_parameters()["encoder.layer0.bias"].grad().abs().max().item<double>(), 1e-5);
}

TEST(DiscreteVae, AllValuesOfTheLossAgreeOnAverage) {
  // 3,000 copies of each image; vimco's bound of one draw more lies between the ELBO and log p(x).
  const Batch few = images(2);
  const Batch many{.x = few.x.repeat({3000, 1, 1, 1})};
  const Config exact = config_of(Gradient::exact);
  Model truth(exact, small_images(), Noise(1));
  Step step = training_step(0);
  const double elbo = -truth.loss(few, step).total().item<double>();
  for (const auto gradient : {Gradient::score, Gradient::straight_through, Gradient::vimco}) {
    Model model(config_of(gradient), small_images(), Noise(1));
    Step own = training_step(1);
    const double value = -model.loss(many, own).total().item<double>();
    if (gradient == Gradient::vimco) {
      EXPECT_GT(value, elbo + 0.01);
      EXPECT_LT(value, truth.log_likelihood(few).mean().item<double>());
    } else {
      EXPECT_NEAR(value, elbo, 0.03) << enum_name(gradient);
    }
  }
}

// ---- what changes besides the parameters ----

TEST(DiscreteVae, TheAverageIsOfAllExamplesSeen) {
  Config config = config_of(Gradient::score);
  config.baseline = Baseline::average;
  Model model(config, small_images(), Noise(1));
  double expected = 0;
  double weight = 0;
  for (int64_t i = 0; i < 5; ++i) {
    Step step = training_step(i);
    const Loss loss = model.loss(images(6, static_cast<uint64_t>(i)), step);
    ASSERT_EQ(loss.statistics.size(), 2U);
    EXPECT_NEAR(loss.statistics[0].item<double>(), -6 * term(loss, "reconstruction").item<double>(), 1e-3);
    EXPECT_EQ(loss.statistics[1].item<double>(), 6);
    expected = 0.99 * expected + 0.01 * -term(loss, "reconstruction").item<double>();
    weight = 0.99 * weight + 0.01;
    model.after_step(loss.statistics);
    const auto buffers = model.named_buffers();
    EXPECT_NEAR((buffers["signal"] / buffers["seen"]).item<double>(), expected / weight, 1e-4);
  }
}

TEST(DiscreteVae, TheTemperatureFollowsItsSchedule) {
  Config config = config_of(Gradient::gumbel);
  config.temperature = Schedule::parse("0:1, 100:0.25");
  Model scheduled(config, small_images(), Noise(1));
  config.temperature = 0.25;
  Model cold(config, small_images(), Noise(1));
  Step late = training_step(100);
  Step same = training_step(100);
  EXPECT_EQ(scheduled.loss(images(6), late).total().item<double>(),
            cold.loss(images(6), same).total().item<double>());
  Step early = training_step(0);
  Step start = training_step(0);
  EXPECT_NE(scheduled.loss(images(6), early).total().item<double>(),
            cold.loss(images(6), start).total().item<double>());
}

TEST(DiscreteVae, StraightThroughShowsTheDecoderACodeAndGumbelDoesNot) {
  for (const auto gradient : {Gradient::gumbel, Gradient::straight_through}) {
    Model model(config_of(gradient), small_images(), Noise(1));
    Step step = training_step(0);
    Step same = training_step(0);
    const double training = model.loss(images(6), step).total().item<double>();
    model.eval();  // draws there
    const double evaluating = model.loss(images(6), same).total().item<double>();
    EXPECT_EQ(training == evaluating, gradient == Gradient::straight_through);
  }
}

TEST(DiscreteVae, SamplesFromItsPrior) {
  const at::NoGradGuard no_grad;
  Config config = config_of(Gradient::vimco);
  config.prior = Prior::learned;
  Model model(config, small_images(), Noise(1));
  set_prior(model, at::tensor({40.0F, -40.0F, 40.0F, -40.0F}));
  Noise noise(1);
  const Tensor sure = model.decode(at::tensor({1.0F, 0.0F, 1.0F, 0.0F}).unsqueeze(0));
  EXPECT_TRUE(model.sample(5, noise).allclose(sure.expand({5, 1, 4, 4})));
}

TEST(DiscreteVae, ReconstructsFromTheLikeliestCode) {
  const at::NoGradGuard no_grad;
  for (const Config& config : {config_of(Gradient::exact), categorical(Gradient::exact)}) {
    Model model(config, small_images(), Noise(1));
    const Batch batch = images(6);
    const Tensor states = code_of(config).all_states(4096);
    const Tensor best = log_posteriors(model, config, states, batch.x).argmax(1);
    Noise noise(1);
    EXPECT_TRUE(model.reconstruct(batch, noise).allclose(model.decode(states.index_select(0, best))));
  }
}

// ---- what is refused ----

void expect_refusal(const Config& config, const std::string& part) {
  try {
    const Model model(config, small_images(), Noise(1));
    ADD_FAILURE() << "taken, though '" << part << "'";
  } catch (const UsageError& error) {
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
  }
}

TEST(DiscreteVae, RefusesToSumOverTooManyCodes) {
  expect_refusal(config_of(Gradient::exact, 13), "at most 4096 values to sum over");
  expect_refusal(config_of(Gradient::exact, 13), "--gradient vimco, score, gumbel or straight_through");
  Config config = categorical(Gradient::exact);
  config.variables = 8;
  expect_refusal(config, "8 categorical variables");
  Model largest(config_of(Gradient::exact, 12), small_images(), Noise(1));
  EXPECT_FALSE(largest.no_exact_likelihood());
  Model too_large(config_of(Gradient::vimco, 17), small_images(), Noise(1));
  ASSERT_TRUE(too_large.no_exact_likelihood());
  test::expect_error("at most 65536 values", [&] { too_large.log_likelihood(images(2)); });
}

TEST(DiscreteVae, RefusesWordsThatWouldDoNothing) {
  Config config = config_of(Gradient::vimco);
  config.baseline = Baseline::none;
  expect_refusal(config, "[baseline] expected its default, as only --gradient score reads it");
  config = config_of(Gradient::score);
  config.left_out = ops::LeftOut::arithmetic;
  expect_refusal(config, "only --gradient vimco reads it");
  config = config_of(Gradient::score);
  config.temperature = 1;
  expect_refusal(config, "only --gradient gumbel or straight_through reads it");
  config = config_of(Gradient::exact);
  config.draws = 2;
  expect_refusal(config, "[draws]");
  config = config_of(Gradient::score);
  config.categories = 4;
  expect_refusal(config, "only --latents categorical reads it");
  config = config_of(Gradient::vimco);
  config.draws = 1;
  expect_refusal(config, "2 or more for --gradient vimco");
}

}  // namespace
}  // namespace isthmus::models::discrete_vae
