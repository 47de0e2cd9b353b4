#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "isthmus/models/discrete_vae.hpp"
#include "isthmus/ops/adam.hpp"

#include "tests/models/discrete_vae.hpp"
#include "tests/support/losses.hpp"

namespace isthmus::models::discrete_vae {
namespace {

using testing::term;
using testing::training_step;

// The gradients, on a model small enough to enumerate.

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

}  // namespace
}  // namespace isthmus::models::discrete_vae
