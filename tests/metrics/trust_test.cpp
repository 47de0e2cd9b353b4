// What makes the nats worth quoting: on a model whose evidence is known in closed form, every estimate tends
// to it, and every standard error is as large as it should be.

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "isthmus/metrics/amortisation_gap.hpp"
#include "isthmus/metrics/elbo.hpp"
#include "isthmus/metrics/exact_nll.hpp"
#include "isthmus/metrics/nll.hpp"
#include "isthmus/metrics/rate_distortion.hpp"
#include "isthmus/models/iwae.hpp"
#include "isthmus/models/vae.hpp"
#include "isthmus/ops/log_mean_exp.hpp"

#include "tests/support/gaussian_models.hpp"
#include "tests/support/linear_gaussian.hpp"
#include "tests/support/more.hpp"

namespace isthmus::metrics {
namespace {

using testing::LinearGaussian;
using testing::more;
using testing::ProbabilisticPca;
using testing::small_data;

constexpr int seeds = 100;
/// Of 100 intervals of two standard errors, 95 hold the truth; fewer than 90 do so by bad luck in 2 of 100
/// tests.
constexpr int least = 90;
constexpr double intervals = 2;

TEST(Trust, TheBoundsTendToTheEvidence) {
  LinearGaussian model(0.4, 1.3);
  const Tensor x = model.draw(50, 1);
  const Data data = small_data(x);
  const double evidence = model.log_evidence(x).mean().item<double>();
  ASSERT_GT(model.gap(), 0.2);

  const auto bound = elbo::measure({model, data}, {.draws = 4000});
  EXPECT_NEAR(bound.value, evidence - model.gap(), 4 * more(bound, "standard_error_of_draws"));

  // L_k, the mean over 4000 / k estimates of k draws each, and nll, one estimate of k.
  Noise noise(3);
  const Tensor weights = model.log_weights({.x = x}, 4000, noise);
  double before = -std::numeric_limits<double>::infinity();
  for (const int64_t k : {1, 10, 100, 1000}) {
    const Tensor estimates = ops::log_mean_exp(weights.view({4000 / k, k, 50}), 1);  // [4000 / k, 50]
    const double l_k = estimates.mean().item<double>();
    const double error_of_one = estimates.var(0).sum().sqrt().item<double>() / 50;
    const double error = error_of_one / std::sqrt(static_cast<double>(4000 / k));
    EXPECT_GT(l_k, before) << k;
    EXPECT_LT(l_k, evidence + 4 * error) << k;
    before = l_k;
    if (k == 1) {
      EXPECT_NEAR(l_k, evidence - model.gap(), 4 * error);
    }
    if (k == 1000) {
      EXPECT_NEAR(l_k, evidence, 4 * error + 0.002);
      EXPECT_LT(error, 0.01);
    }

    const auto nats = nll::measure({model, data}, {.draws = k});
    EXPECT_NEAR(nats.value, -l_k, 4 * std::hypot(error_of_one, error)) << k;
    if (k == 1000) {
      EXPECT_NEAR(-nats.value, evidence, 4 * more(nats, "standard_error_of_draws"));
    }
  }
}

TEST(Trust, EveryBoundIsTheEvidenceAtTheOptimum) {
  LinearGaussian model;
  const Tensor x = model.draw(50, 1);
  const Data data = small_data(x);
  const double evidence = model.log_evidence(x).mean().item<double>();
  EXPECT_NEAR(elbo::measure({model, data}, {.draws = 1}).value, evidence, 1e-9);
  for (const int64_t k : {1, 10, 100, 1000})
    EXPECT_NEAR(nll::measure({model, data}, {.draws = k}).value, -evidence, 1e-9);
}

// The same in float32, by the models that are shipped.
TEST(Trust, TheModelsAgreeWithTheClosedForm) {
  const ProbabilisticPca pca;
  const Tensor x = pca.draw(50, 1);
  const Data data = small_data(x);
  const double evidence = pca.log_likelihood(x).mean().item<double>();
  const auto vae = pca.build<models::vae::Model, models::vae::Config>();
  const auto iwae = pca.build<models::iwae::Model, models::iwae::Config>();
  for (Model* model : {static_cast<Model*>(vae.get()), static_cast<Model*>(iwae.get())}) {
    EXPECT_NEAR(exact_nll::measure({*model, data}, {}).value, -evidence, 1e-5);
    EXPECT_NEAR(elbo::measure({*model, data}, {.draws = 1}).value, evidence, 1e-5);
    EXPECT_NEAR(nll::measure({*model, data}, {.draws = 100}).value, -evidence, 1e-5);
    ProbabilisticPca::move_posterior(*model, 0.2, 0.3);
    const auto nats = nll::measure({*model, data}, {.draws = 1000});
    EXPECT_NEAR(nats.value, -evidence, 4 * more(nats, "standard_error_of_draws"));
  }
}

// Fresh images each time: the figure for all images that the model may draw, not only for these.
TEST(Trust, TheStandardErrorsCoverTheTruthOverImages) {
  LinearGaussian model(0.3, 1.2);
  int nats = 0;
  int bounds = 0;
  for (uint64_t seed = 0; seed < seeds; ++seed) {
    const Data data = small_data(model.draw(60, 1000 + seed));
    const Subject subject{.model = model, .data = data, .seed = seed};
    const auto nll = nll::measure(subject, {.draws = 200});
    const auto elbo = elbo::measure(subject, {.draws = 10});
    nats += std::abs(nll.value - model.entropy()) < intervals * nll.standard_error.value();
    bounds += std::abs(elbo.value + model.entropy() + model.gap()) < intervals * elbo.standard_error.value();
  }
  EXPECT_GE(nats, least);
  EXPECT_GE(bounds, least);
  // An error that is far too large would cover as well, always.
  EXPECT_LT(nats + bounds, 2 * seeds - 1);
}

// The same of what the models that are shipped say of themselves, with a q that is moved away from the
// posterior.
TEST(Trust, TheStandardErrorsOfTheOtherFiguresCoverTheTruthOverImages) {
  constexpr double shift = 0.2;
  constexpr double widen = 0.3;
  const ProbabilisticPca pca;
  const auto model = pca.build<models::vae::Model, models::vae::Config>();
  ProbabilisticPca::move_posterior(*model, shift, widen);
  // ELBO = −(rate + distortion), and it falls short of log p(x) by the gap.
  const double rate = pca.rate(shift, widen);
  const double distortion = pca.entropy() + pca.gap(shift, widen) - rate;
  int exact = 0;
  int rates = 0;
  int distortions = 0;
  for (uint64_t seed = 0; seed < seeds; ++seed) {
    const Data data = small_data(pca.draw(200, 1000 + seed));
    const Subject subject{.model = *model, .data = data, .seed = seed};
    const auto nats = exact_nll::measure(subject, {});
    const auto parts = rate_distortion::measure(subject, {.draws = 5});
    exact += std::abs(nats.value - pca.entropy()) < intervals * nats.standard_error.value();
    rates += std::abs(parts.value - rate) < intervals * parts.standard_error.value();
    distortions += std::abs(more(parts, "distortion") - distortion) <
                   intervals * more(parts, "distortion_standard_error");
  }
  EXPECT_GE(exact, least);
  EXPECT_GE(rates, least);
  EXPECT_GE(distortions, least);
  EXPECT_LT(exact + rates + distortions, 3 * seeds - 2);
}

// Few draws for the two bounds, so that their noise is far above what a short fit leaves of the gap.
TEST(Trust, TheStandardErrorOfTheAmortisationGapCoversTheDivergence) {
  constexpr double shift = 0.3;
  constexpr double widen = 0.4;
  const ProbabilisticPca pca;
  const auto model = pca.build<models::vae::Model, models::vae::Config>();
  ProbabilisticPca::move_posterior(*model, shift, widen);
  int gaps = 0;
  for (uint64_t seed = 0; seed < seeds; ++seed) {
    const Data data = small_data(pca.draw(60, 1000 + seed));
    const auto gap =
        amortisation_gap::measure({.model = *model, .data = data, .seed = seed},
                                  {.steps = 40, .learning_rate = 0.06, .draws_of_step = 8, .draws = 2});
    gaps += std::abs(gap.value - pca.gap(shift, widen)) < intervals * gap.standard_error.value();
  }
  EXPECT_GE(gaps, least);
  EXPECT_LT(gaps, seeds);
}

// The same images each time: what is left is the noise of the draws.
TEST(Trust, TheStandardErrorsOfTheDrawsCoverTheTruthOnTheseImages) {
  LinearGaussian model(0.3, 1.2);
  const Tensor x = model.draw(20, 1);
  const Data data = small_data(x);
  const double evidence = model.log_evidence(x).mean().item<double>();
  const auto holds = [](const Measurement& measured, double truth) {
    return std::abs(measured.value - truth) < intervals * more(measured, "standard_error_of_draws");
  };
  int nats = 0;
  int bounds = 0;
  int priors = 0;
  for (uint64_t seed = 0; seed < seeds; ++seed) {
    const Subject subject{.model = model, .data = data, .seed = seed};
    nats += holds(nll::measure(subject, {.draws = 1000}), -evidence);
    bounds += holds(elbo::measure(subject, {.draws = 50}), evidence - model.gap());
    priors += holds(nll::measure(subject, {.draws = 5000, .proposal = Proposal::prior}), -evidence);
  }
  EXPECT_GE(nats, least);
  EXPECT_GE(bounds, least);
  EXPECT_GE(priors, least);
  // An error that is far too large would cover as well, always.
  EXPECT_LT(nats + bounds + priors, 3 * seeds - 2);
}

}  // namespace
}  // namespace isthmus::metrics
