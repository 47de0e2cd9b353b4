// What the log-weights and likelihoods of every model of the menu that has them must be.

#include <cmath>
#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include "isthmus/core/model_entry.hpp"

#include "tests/conformance/every_model.hpp"

namespace isthmus {
namespace {

using testing::batch_of;
using testing::batch_size;
using testing::expect_a_likelihood_said_alike;
using testing::settings_of;
using testing::Variant;

class ModelWithALikelihood : public testing::EveryModel {};

TEST_P(ModelWithALikelihood, WeighsEachExampleAloneWhenItHasALikelihood) {
  const at::NoGradGuard no_grad;
  const Shape shape = supported().front();
  const auto model = build(shape);
  auto* latent = dynamic_cast<LatentVariable*>(model.get());
  if (latent == nullptr) return;
  const Batch batch = batch_of(shape);
  Noise noise(1, Purpose::evaluation);
  const Tensor all = latent->log_weights(batch, 3, noise);
  EXPECT_EQ(all.sizes(), (Shape{3, batch_size}));
  EXPECT_TRUE(all.isfinite().all().item<bool>());
  const Batch rest{.x = batch.x.narrow(0, 1, 3), .labels = batch.labels.narrow(0, 1, 3)};
  Noise from_one(1, Purpose::evaluation, 0, 1);
  EXPECT_TRUE(all.narrow(1, 1, 3).allclose(latent->log_weights(rest, 3, from_one), 1e-5, 1e-3));
}

TEST_P(ModelWithALikelihood, SaysItsLikelihoodInEachWayAlike) {
  const Shape shape = supported().front();
  expect_a_likelihood_said_alike(*build(shape), shape);
}

/// That [k, batch] log-weights are of the likelihood [batch], by the log of their mean and its standard error
/// (delta method).
void expect_an_estimate_of(const Tensor& likelihood, const Tensor& log_weights, const char* whose) {
  const Tensor all = log_weights.to(at::kDouble);
  const Tensor largest = at::amax(all, {0});
  const Tensor w = at::exp(all - largest);
  const Tensor estimate = largest + at::log(w.mean(0));
  const Tensor error = w.std(0) / w.mean(0) / std::sqrt(static_cast<double>(all.size(0)));
  EXPECT_TRUE(((estimate - likelihood).abs() <= 4 * error + 1e-4).all().item<bool>())
      << whose << ": " << estimate << " for " << likelihood << ", standard errors " << error;
  EXPECT_LT(error.max().item<double>(), 0.2) << whose << ": too noisy for the test to see a difference";
}

/// On small images, and with codes that are easy to cover by draws.
const std::vector<Variant> exact_variants{
    {.needs = {{"backbone.hidden", ""}, {"likelihood", "gaussian"}},
     .wants = {{"latent", "2"}, {"sigma", "0.5"}}},
    {.needs = {{"variables", "8"}}, .wants = {{"backbone.hidden", "16"}}},
};

TEST_P(ModelWithALikelihood, EstimatesTheLikelihoodThatItSaysExactly) {
  const at::NoGradGuard no_grad;
  if (dynamic_cast<ExactLikelihood*>(build(supported().front()).get()) == nullptr) return;
  int tried = 0;
  for (const Variant& variant : exact_variants) {
    const auto settings = settings_of(entry(), variant);
    if (!settings) continue;
    const auto taken = supported(*settings, {{1, 4, 4}, {1, 8, 8}, {1, 28, 28}});
    ASSERT_FALSE(taken.empty());
    const Shape shape = taken.front();
    const auto model = build(*settings, shape);
    auto& exact = dynamic_cast<ExactLikelihood&>(*model);
    auto* latent = dynamic_cast<LatentVariable*>(model.get());
    if (exact.no_exact_likelihood() || latent == nullptr) continue;
    ++tried;
    const Batch batch = batch_of(shape);
    const Tensor likelihood = exact.log_likelihood(batch).to(at::kDouble);
    ASSERT_EQ(likelihood.sizes(), (Shape{batch_size}));
    constexpr int64_t k = 20'000;
    Noise noise(1, Purpose::evaluation);
    const Tensor weights = latent->log_weights(batch, k, noise);
    expect_an_estimate_of(likelihood, weights, "log_weights");
    EXPECT_TRUE((weights.to(at::kDouble).mean(0) < likelihood).all().item<bool>()) << "an ELBO is a bound";
    if (auto* prior = dynamic_cast<PriorProposal*>(model.get())) {
      Noise other(2, Purpose::evaluation);
      expect_an_estimate_of(likelihood, prior->prior_log_weights(batch, k, other), "prior_log_weights");
    }
  }
  EXPECT_GT(tried, 0) << "no settings in exact_variants give this model its exact likelihood: add some";
}

INSTANTIATE_TEST_SUITE_P(Menu, ModelWithALikelihood, testing::every_entry(), testing::name_of);

}  // namespace
}  // namespace isthmus
