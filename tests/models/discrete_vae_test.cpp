#include "isthmus/models/discrete_vae.hpp"

#include <cmath>
#include <functional>
#include <map>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "isthmus/ops/adam.hpp"

#include "tests/support/errors.hpp"
#include "tests/support/losses.hpp"

namespace isthmus::models::discrete_vae {
namespace {

using testing::term;
using testing::training_step;

Config config_of(Gradient gradient, int64_t variables = 4) {
  Config config;
  config.backbone.hidden = {16};
  config.backbone.activation = ops::Activation::tanh;
  config.variables = variables;
  config.gradient = gradient;
  return config;
}

Config categorical(Gradient gradient, int64_t variables = 2, int64_t categories = 3) {
  Config config = config_of(gradient, variables);
  config.latents = Latents::categorical;
  config.categories = categories;
  return config;
}

DataSpec small_images() {
  return {.shape = {1, 4, 4}, .binary = true, .mean = at::full({1, 4, 4}, 0.3F)};
}

/// Half of them dark above, half below, so that there is something to encode.
Batch images(int64_t count, uint64_t seed = 2) {
  const Tensor above = (at::arange(count) % 2).to(at::kFloat).view({count, 1, 1, 1});
  const Tensor half = (at::arange(4) < 2).to(at::kFloat).view({1, 1, 4, 1});
  const Tensor grey = 0.1 + 0.7 * (above * half + (1 - above) * (1 - half));
  return {.x = Noise(seed, Purpose::evaluation).bernoulli(grey.expand({count, 1, 4, 4}))};
}

distributions::DiscreteCode code_of(const Config& config) {
  return {config.variables, config.latents == Latents::categorical ? config.categories : 0};
}

/// log p(x|z), [batch, states], by the decoder's probabilities, in float64.
Tensor log_likelihoods(Model& model, const Tensor& states, const Tensor& x) {
  const Tensor p = model.decode(states).flatten(1).to(at::kDouble);
  const Tensor pixels = x.flatten(1).to(at::kDouble);
  return at::mm(pixels, at::log(p).t()) + at::mm(1 - pixels, at::log(1 - p).t());
}

/// log q(z|x), [batch, states], by the encoder's probabilities, in float64.
Tensor log_posteriors(Model& model, const Config& config, const Tensor& states, const Tensor& x) {
  const Tensor p = model.encode(x).to(at::kDouble);
  const Tensor z = states.to(at::kDouble);
  const Tensor on = at::mm(at::log(p), z.t());
  return config.latents == Latents::categorical ? on : on + at::mm(at::log(1 - p), (1 - z).t());
}

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

// ---- the gradients, on a model small enough to enumerate ----

std::vector<std::pair<std::string, Tensor>> own_parameters(Model& model) {
  std::vector<std::pair<std::string, Tensor>> own;
  for (const auto& item : model.named_parameters())
    if (!item.key().starts_with("baseline")) own.emplace_back(item.key(), item.value());
  return own;
}

/// The gradient of all parameters but the baseline's, [parameters], float64; or of those whose names begin
/// so.
Tensor gradient_of(Model& model, std::string_view which = "") {
  std::vector<Tensor> parts;
  for (const auto& [name, value] : own_parameters(model))
    if (name.starts_with(which)) parts.push_back(value.grad().flatten());
  return at::cat(parts).to(at::kDouble);
}

/// Of the reconstruction alone, in the encoder's parameters: the KL's gradient is exact in every estimator.
Tensor encoder_gradient_of_reconstruction(Model& model, const Batch& batch, Step step) {
  model.zero_grad();
  term(model.loss(batch, step), "reconstruction").backward();
  return gradient_of(model, "encoder");
}

double cosine(const Tensor& a, const Tensor& b) {
  return (at::dot(a, b) / (a.norm() * b.norm())).item<double>();
}

/// How many of them are the encoder's, which come first.
int64_t encoder_size(Model& model) {
  int64_t count = 0;
  for (const auto& [name, value] : own_parameters(model))
    count += name.starts_with("encoder") ? value.numel() : 0;
  return count;
}

/// Adam on the parameters whose names begin so, by the model's own loss.
void descend(Model& model, const Batch& batch, int64_t steps, const std::string& which, double rate) {
  std::map<std::string, std::pair<Tensor, Tensor>> moments;
  for (int64_t i = 0; i < steps; ++i) {
    model.zero_grad();
    Step step{i, Noise(77, Purpose::training, i)};
    const Loss loss = model.loss(batch, step);
    loss.total().backward();
    const at::NoGradGuard no_grad;
    for (const auto& item : model.named_parameters()) {
      if (!item.key().starts_with(which)) continue;
      auto& [first, second] = moments[item.key()];
      if (!first.defined()) {
        first = at::zeros_like(item.value());
        second = at::zeros_like(item.value());
      }
      ops::adam(item.value(), item.value().grad(), first, second, {.learning_rate = rate}, i + 1);
    }
    model.after_step(loss.statistics);
  }
}

struct Estimates {
  Tensor mean;              ///< [directions] of the projected gradients
  Tensor standard_error;    ///< of these means
  double encoder_variance;  ///< summed over the encoder's parameters
};

Estimates estimate(Model& model, const Batch& batch, const Tensor& directions, int64_t repeats) {
  const int64_t encoder = encoder_size(model);
  std::vector<Tensor> projections;
  Tensor sum = at::zeros({encoder}, at::kDouble);
  Tensor squares = at::zeros({encoder}, at::kDouble);
  for (int64_t i = 0; i < repeats; ++i) {
    model.zero_grad();
    Step step{0, Noise(31, Purpose::training, i)};
    model.loss(batch, step).total().backward();
    const Tensor g = gradient_of(model);
    projections.push_back(at::mv(directions, g));
    sum += g.narrow(0, 0, encoder);
    squares += g.narrow(0, 0, encoder).square();
  }
  const auto n = static_cast<double>(repeats);
  const Tensor all = at::stack(projections);
  return {all.mean(0), all.std(0) / std::sqrt(n),
          ((squares - sum.square() / n) / (n - 1)).sum().item<double>()};
}

/// A model of 10 Bernoulli latents after some steps of training, and a batch to look at.
class Gradients : public ::testing::Test {
 protected:
  static constexpr int64_t random_directions = 30;
  /// Of the 31 projections that are looked at, one is on the truth's own direction; all 30 others lie within
  /// so many standard errors as often as one number lies within 3 (.9973).
  static constexpr double all_within = 3.9;

  Gradients() : Gradients(config_of(Gradient::exact, 10), images(4), 3000) {}

  Gradients(const Config& config, Batch batch, int64_t repeats)
      : config_(config),
        batch_(std::move(batch)),
        repeats_(repeats),
        exact_(config, small_images(), Noise(1)) {
    descend(exact_, batch_, 60, "", 0.01);
    Step step = training_step(0);
    exact_.zero_grad();
    exact_.loss(batch_, step).total().backward();
    truth_ = gradient_of(exact_);
  }

  Config config_with(Gradient gradient) const {
    Config config = config_;
    config.gradient = gradient;
    return config;
  }

  std::shared_ptr<Model> like_the_exact_one(const Config& config) const {
    auto model = std::make_shared<Model>(config, small_images(), Noise(1));
    const at::NoGradGuard no_grad;
    auto own = model->named_parameters();
    for (const auto& item : exact_.named_parameters()) own[item.key()].copy_(item.value());
    return model;
  }

  /// Unit vectors, [31, parameters]: along `truth`, then at random.
  static Tensor directions(const Tensor& truth) {
    const Tensor random = Noise(13).normal({random_directions, truth.size(0)}).to(at::kDouble);
    const Tensor all = at::cat({truth.unsqueeze(0), random});
    return all / all.norm(2, 1, true);
  }

  struct Verdict {
    double along;    ///< error in the direction of the truth, in standard errors
    double largest;  ///< of the errors in the random directions, in theirs
    double power;    ///< one standard error, as a share of the truth's norm
    double variance;
  };

  Verdict judge(const std::string& name, Model& model, const Tensor& truth) const {
    const Tensor units = directions(truth);
    const Estimates found = estimate(model, batch_, units, repeats_);
    const Tensor errors = ((found.mean - at::mv(units, truth)) / found.standard_error).abs();
    const Verdict verdict{
        errors[0].item<double>(), errors.narrow(0, 1, random_directions).max().item<double>(),
        found.standard_error[0].item<double>() / truth.norm().item<double>(), found.encoder_variance};
    fmt::print(
        "  {:<18} variance {:9.5f}   off by {:5.2f} se along the truth, at most {:5.2f} elsewhere; 1 se is "
        "{:.1f} %\n",
        name, verdict.variance, verdict.along, verdict.largest, 100 * verdict.power);
    return verdict;
  }

  static void expect_unbiased(const Verdict& verdict, const std::string& name) {
    EXPECT_LT(verdict.along, 3) << name;
    EXPECT_LT(verdict.largest, all_within) << name;
    EXPECT_LT(verdict.power, 0.05) << name << ": too noisy for the test to see a bias";
  }

  /// The gradient of E[L_2], over all pairs of codes: 2^20 of Bernoulli ones.
  Tensor truth_of_pairs() const {
    const Tensor states = code_of(config_).all_states(4096);
    exact_.zero_grad();
    Tensor total = at::zeros({}, at::kDouble);
    const Tensor log_q = log_posteriors(exact_, config_, states, batch_.x);
    const Tensor log_w =
        log_likelihoods(exact_, states, batch_.x) - std::log(static_cast<double>(states.size(0))) - log_q;
    for (int64_t b = 0; b < batch_.size(); ++b) {
      const Tensor bound = at::logaddexp(log_w[b].unsqueeze(1), log_w[b].unsqueeze(0)) - std::log(2.0);
      const Tensor q = at::exp(log_q[b]);
      total = total - at::dot(q, at::mv(bound, q)) / static_cast<double>(batch_.size());
    }
    total.backward();
    return gradient_of(exact_);
  }

  /// Both relaxations: the gradient of each is of little noise, and points about where the exact one does.
  void expect_the_relaxed_ones_to_point_right() const {
    const Tensor truth = encoder_gradient_of_reconstruction(exact_, batch_, training_step(0));
    for (const auto gradient : {Gradient::gumbel, Gradient::straight_through}) {
      const auto model = like_the_exact_one(config_with(gradient));
      Tensor sum = at::zeros_like(truth);
      for (int64_t i = 0; i < 200; ++i)
        sum += encoder_gradient_of_reconstruction(*model, batch_, training_step(i));
      EXPECT_GT(cosine(sum, truth), 0.7) << enum_name(gradient);
    }
  }

  Config config_;
  Batch batch_;
  int64_t repeats_;
  mutable Model exact_;
  Tensor truth_;
};

/// The same with 4 variables of 4 values. Many images, which a step averages over, in place of many steps.
class CategoricalGradients : public Gradients {
 protected:
  CategoricalGradients() : Gradients(categorical(Gradient::exact, 4, 4), images(64), 400) {}
};

TEST_F(Gradients, TheLikelihoodRatioIsUnbiasedAndEachBaselineLowersItsVariance) {
  std::map<std::string, double> variance;
  for (const auto baseline : {Baseline::none, Baseline::average, Baseline::learned}) {
    Config config = config_with(Gradient::score);
    config.baseline = baseline;
    const auto model = like_the_exact_one(config);
    descend(*model, batch_, 600, "baseline", 0.01);
    const std::string name = "score, " + enum_name(baseline);
    const Verdict verdict = judge(name, *model, truth_);
    expect_unbiased(verdict, name);
    variance[enum_name(baseline)] = verdict.variance;
  }
  const auto vimco = like_the_exact_one(config_with(Gradient::vimco));
  variance["vimco"] = judge("vimco", *vimco, truth_).variance;  // of L_5, so its mean is another
  EXPECT_LT(variance["vimco"], variance["learned"]);
  EXPECT_LT(variance["learned"], variance["average"]);
  EXPECT_LT(variance["average"], variance["none"]);
}

TEST_F(Gradients, VimcoIsUnbiasedForItsBoundOfTwoDraws) {
  const Tensor truth = truth_of_pairs();
  for (const auto left_out : {ops::LeftOut::geometric, ops::LeftOut::arithmetic}) {
    Config config = config_with(Gradient::vimco);
    config.draws = 2;
    config.left_out = left_out;
    const auto model = like_the_exact_one(config);
    const std::string name = "vimco, " + enum_name(left_out);
    expect_unbiased(judge(name, *model, truth), name);
  }
}

TEST_F(Gradients, TheRelaxedOnesAreBiasedAndTheTestSeesIt) {
  for (const auto gradient : {Gradient::gumbel, Gradient::straight_through}) {
    const auto model = like_the_exact_one(config_with(gradient));
    const Verdict verdict = judge(enum_name(gradient), *model, truth_);
    EXPECT_GT(std::max(verdict.along, verdict.largest), all_within) << enum_name(gradient);
  }
}

TEST_F(CategoricalGradients, TheLikelihoodRatioIsUnbiased) {
  const auto model = like_the_exact_one(config_with(Gradient::score));
  descend(*model, batch_, 200, "baseline", 0.01);
  expect_unbiased(judge("score, categorical", *model, truth_), "score");
}

TEST_F(CategoricalGradients, VimcoIsUnbiasedForItsBoundOfTwoDraws) {
  Config config = config_with(Gradient::vimco);
  config.draws = 2;
  const auto model = like_the_exact_one(config);
  expect_unbiased(judge("vimco, categorical", *model, truth_of_pairs()), "vimco");
}

// A peer takes a number of samples and draws one.
TEST_F(Gradients, EightDrawsHaveAnEighthOfTheVarianceOfOne) {
  for (const auto gradient : {Gradient::score, Gradient::gumbel, Gradient::straight_through}) {
    const auto variance = [&](int64_t draws) {
      Config config = config_with(gradient);
      config.draws = draws;
      if (gradient == Gradient::score) config.baseline = Baseline::none;
      return estimate(*like_the_exact_one(config), batch_, directions(truth_), 300).encoder_variance;
    };
    const double one = variance(1);
    const double eight = variance(8);
    EXPECT_LT(eight, one / 4) << enum_name(gradient);
    EXPECT_GT(eight, one / 16) << enum_name(gradient);
  }
}

TEST_F(Gradients, TheRelaxedOnesPointAboutRight) {
  expect_the_relaxed_ones_to_point_right();
}

TEST_F(CategoricalGradients, TheRelaxedOnesPointAboutRight) {
  expect_the_relaxed_ones_to_point_right();
}

TEST_F(Gradients, TheGuessLearnsAndTheModelDoesNotNotice) {
  Config config = config_with(Gradient::score);
  const auto learned = like_the_exact_one(config);
  config.baseline = Baseline::none;
  const auto none = like_the_exact_one(config);
  {
    // A guess of 0 for every x: the same estimate as without any.
    const at::NoGradGuard no_grad;
    auto parameters = learned->named_parameters();
    parameters["baseline.layer1.weight"].zero_();
  }
  Step step = training_step(0);
  Step same = training_step(0);
  const Loss with = learned->loss(batch_, step);
  const Loss without = none->loss(batch_, same);
  EXPECT_EQ(with.total().item<double>(), without.total().item<double>());
  with.total().backward();
  without.total().backward();
  EXPECT_TRUE(gradient_of(*learned).equal(gradient_of(*none)));
  auto parameters = learned->named_parameters();
  // d/db mean (f − b)² = −2 mean f, f being log p(x|z).
  EXPECT_NEAR(parameters["baseline.layer1.bias"].grad().item<double>(),
              2 * term(with, "reconstruction").item<double>(), 1e-4);
}

// ---- the relaxed draws, by hand and by differences ----

/// The relaxed draws of a step's noise from the encoder's probabilities, and the codes that they round to.
struct Relaxed {
  Tensor logits;  ///< [batch, width]
  Tensor soft;    ///< [batch, k, width], with a path to the encoder
  Tensor hard;
};

Relaxed relaxed_draws(Model& model, const Config& config, const Batch& batch, Step step) {
  const auto code = code_of(config);
  const Tensor p = model.encode(batch.x);
  const Tensor logits = config.latents == Latents::bernoulli ? at::logit(p) : at::log(p);
  const Tensor disturbed = code.disturb(logits, config.draws, step.noise);
  return {logits, code.mean(disturbed / config.temperature.at(step.index)), code.mode(disturbed).detach()};
}

/// −mean log p(x|z), z [batch, k, width].
Tensor reconstruction_of(Model& model, const Tensor& z, const Tensor& x) {
  const Tensor p = model.decode(z.flatten(0, 1)).flatten(1).unflatten(0, {-1, z.size(1)});
  const Tensor pixels = x.flatten(1).unsqueeze(1);
  return -(pixels * at::log(p) + (1 - pixels) * at::log(1 - p)).sum(2).mean();
}

std::vector<Config> both_codes(Gradient gradient) {
  return {config_of(gradient), categorical(gradient)};
}

TEST(Gumbel, HasTheLossOfItsRelaxedDraws) {
  for (const Config& config : both_codes(Gradient::gumbel)) {
    Model model(config, small_images(), Noise(1));
    const Batch batch = images(6);
    Step step = training_step(0);
    const Loss loss = model.loss(batch, step);
    const Relaxed draws = relaxed_draws(model, config, batch, training_step(0));
    const Tensor kl = code_of(config).kl(draws.logits, at::zeros_like(draws.logits)).mean();
    EXPECT_NEAR(term(loss, "reconstruction").item<double>(),
                reconstruction_of(model, draws.soft, batch.x).item<double>(), 1e-4);
    EXPECT_NEAR(term(loss, "kl").item<double>(), kl.item<double>(), 1e-5);
  }
}

// On fixed noise the relaxed objective is a function of the parameters like any other.
TEST(Gumbel, HasTheGradientThatDifferencesOfItsLossShow) {
  for (const Config& config : both_codes(Gradient::gumbel)) {
    Model model(config, small_images(), Noise(1));
    const Batch batch = images(6);
    const auto value = [&] {
      Step step = training_step(0);
      return model.loss(batch, step).total();
    };
    value().backward();
    const Tensor gradient = gradient_of(model, "encoder");
    const double norm = gradient.norm().item<double>();
    EXPECT_GT(norm, 0.02);

    std::vector<Tensor> leaves;
    for (const auto& [name, leaf] : own_parameters(model))
      if (name.starts_with("encoder")) leaves.push_back(leaf);
    const at::NoGradGuard no_grad;
    const auto move = [&](const Tensor& by) {
      int64_t first = 0;
      for (const Tensor& leaf : leaves) {
        leaf.add_(by.narrow(0, first, leaf.numel()).view(leaf.sizes()));
        first += leaf.numel();
      }
    };
    // Float32, so the steps are large, and the differences of fourth order.
    constexpr double h = 0.03;
    const Tensor random = Noise(13).normal({20, gradient.size(0)}).to(at::kDouble);
    const Tensor all = at::cat({gradient.unsqueeze(0), random});
    for (const Tensor& direction : (all / all.norm(2, 1, true)).unbind()) {
      const auto at_steps = [&](double steps) {
        move(steps * h * direction);
        const double there = value().item<double>();
        move(-steps * h * direction);
        return there;
      };
      const double slope = (8 * (at_steps(1) - at_steps(-1)) - (at_steps(2) - at_steps(-2))) / (12 * h);
      EXPECT_NEAR(slope, at::dot(gradient, direction).item<double>(), 0.01 * norm);
    }
  }
}

// d/dlogits of straight-through is what the decoder says at the hard code, times d soft / d logits.
TEST(StraightThrough, HasTheGradientAtTheHardCodeTimesThatOfTheSoftOne) {
  for (const Config& config : both_codes(Gradient::straight_through)) {
    Model model(config, small_images(), Noise(1));
    const Batch batch = images(6);
    Step step = training_step(0);
    const Loss loss = model.loss(batch, step);
    loss.total().backward();
    const Tensor gradient = gradient_of(model, "encoder");

    const Relaxed draws = relaxed_draws(model, config, batch, training_step(0));
    const Tensor z = draws.hard.clone().set_requires_grad(true);
    const Tensor reconstruction = reconstruction_of(model, z, batch.x);
    EXPECT_NEAR(term(loss, "reconstruction").item<double>(), reconstruction.item<double>(), 1e-4);
    reconstruction.backward();
    model.zero_grad();
    (z.grad() * draws.soft).sum().backward({}, /*retain_graph=*/true);
    const Tensor of_reconstruction = gradient_of(model, "encoder");
    code_of(config).kl(draws.logits, at::zeros_like(draws.logits)).mean().backward();
    const Tensor by_hand = gradient_of(model, "encoder");
    const double norm = of_reconstruction.norm().item<double>();
    EXPECT_GT(norm, 0.02);
    EXPECT_LT((gradient - by_hand).norm().item<double>(), 1e-3 * norm);
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
