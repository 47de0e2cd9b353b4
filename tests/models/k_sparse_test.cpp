#include "isthmus/models/k_sparse.hpp"

#include <gtest/gtest.h>

#include "isthmus/core/error.hpp"

namespace isthmus::models::k_sparse {
namespace {

Config small(const Schedule& k = 4.0, bool tied = true) {
  Config config;
  config.network.latent = 40;
  config.network.backbone.tied = tied;
  config.k = k;
  return config;
}

Batch images(int64_t count) {
  Noise noise(2, Purpose::evaluation);
  return {.x = noise.uniform({count, 1, 4, 4})};
}

Tensor active(const Tensor& code) {
  return (code != 0).sum(1);
}

TEST(KSparse, KeepsExactlyK) {
  Model model(small(), {.shape = {1, 4, 4}}, Noise(1));
  const Tensor code = model.encode(images(20).x);
  EXPECT_TRUE(active(code).equal(at::full({20}, 4, at::kLong)));
  // The linear code of Wx + b, its largest by value.
  auto p = model.named_parameters();
  const Tensor all =
      at::linear(images(20).x.flatten(1), p["encoder.layer0.weight"], p["encoder.layer0.bias"]);
  const Tensor fourth = std::get<0>(all.sort(1, true)).select(1, 3).unsqueeze(1);
  EXPECT_TRUE(code.allclose(at::where(all >= fourth, all, 0)));
}

TEST(KSparse, StartsWithUnitsThatAnswerTheMeanImageWithNought) {
  const Tensor mean = Noise(3, Purpose::evaluation).uniform({1, 4, 4});
  Model model(small(), {.shape = {1, 4, 4}, .mean = mean}, Noise(1));
  auto p = model.named_parameters();
  const Tensor units = at::linear(mean.view({1, 16}), p["encoder.layer0.weight"], p["encoder.layer0.bias"]);
  EXPECT_LT(units.abs().max().item<double>(), 1e-6);
  EXPECT_TRUE(p["decoder.layer0.bias"].allclose(mean.flatten()));
}

TEST(KSparse, SumsAtomsOfItsDictionary) {
  Model model(small(), {.shape = {1, 4, 4}}, Noise(1));
  const Tensor code = model.encode(images(3).x);
  auto p = model.named_parameters();
  const Tensor sum = code.mm(p["encoder.layer0.weight"]) + p["decoder.layer0.bias"];
  EXPECT_TRUE(model.decode(code).flatten(1).allclose(sum, 1e-5, 1e-6));
}

TEST(KSparse, SendsGradientsThroughTheKeptAlone) {
  for (const bool tied : {true, false}) {
    Model model(small(2.0, tied), {.shape = {1, 4, 4}}, Noise(1));
    const Batch batch = images(3);
    Step step{0, Noise(1)};
    model.loss(batch, step).total().backward();
    const Tensor used = (model.encode(batch.x) != 0).any(0);  // by at least one example
    ASSERT_LT(used.sum().item<int64_t>(), 40);
    auto p = model.named_parameters();
    EXPECT_TRUE((p["encoder.layer0.weight"].grad() != 0).any(1).equal(used));
    EXPECT_TRUE((p["encoder.layer0.bias"].grad() != 0).equal(used));
    if (!tied) {
      EXPECT_TRUE((p["decoder.layer0.weight"].grad() != 0).any(0).equal(used));
    }
  }
}

TEST(KSparse, TrainsWithTheKOfItsScheduleAndEndsWithTheLast) {
  Model model(small(Schedule::parse("0:20, 100:4")), {.shape = {1, 4, 4}}, Noise(1));
  const Batch batch = images(5);
  Noise noise(1);
  const auto loss_at = [&](int64_t index) {
    Step step{index, noise};
    return model.loss(batch, step).total().item<double>();
  };
  const auto error = [&](const Tensor& image) {
    return (image - batch.x).flatten(1).square().sum(1).mean().item<double>();
  };
  EXPECT_EQ(loss_at(100), error(model.reconstruct(batch, noise)));
  Model twenty_kept(small(20.0), {.shape = {1, 4, 4}}, Noise(1));
  EXPECT_EQ(loss_at(0), error(twenty_kept.reconstruct(batch, noise)));
  EXPECT_NE(loss_at(0), loss_at(50));
}

TEST(KSparse, ReadsCodesOfAlphaTimesKUnits) {
  Config config = small();
  config.alpha = 3;
  Model model(config, {.shape = {1, 4, 4}}, Noise(1));
  EXPECT_TRUE(active(model.encode(images(20).x)).equal(at::full({20}, 12, at::kLong)));
  Model plain(small(), {.shape = {1, 4, 4}}, Noise(1));
  Noise noise(1);
  EXPECT_TRUE(model.reconstruct(images(20), noise).equal(plain.reconstruct(images(20), noise)))
      << "reconstructions take k units whatever alpha is";
  EXPECT_TRUE(model.decode(model.encode(images(20).x)).equal(model.reconstruct(images(20), noise)));
  config.alpha = 100;
  Model all(config, {.shape = {1, 4, 4}}, Noise(1));
  EXPECT_TRUE(active(all.encode(images(2).x)).equal(at::full({2}, 40, at::kLong)));
}

TEST(KSparse, CountsUnitsThatAreNotKeptAsUnused) {
  Model model(small(), {.shape = {1, 4, 4}}, Noise(1));
  model.named_parameters()["encoder.layer0.bias"].data()[3] = -100;
  const Tensor responses = model.responses(images(20).x);
  EXPECT_EQ(responses.select(1, 3).abs().max().item<double>(), 0);
  EXPECT_TRUE(responses.equal(model.encode(images(20).x).abs()));
}

TEST(KSparse, RefusesMoreThanThereAre) {
  EXPECT_THROW(Model(small(41.0), {.shape = {1, 4, 4}}, Noise(1)), UsageError);
  EXPECT_NO_THROW(Model(small(40.0), {.shape = {1, 4, 4}}, Noise(1)));
}

}  // namespace
}  // namespace isthmus::models::k_sparse
