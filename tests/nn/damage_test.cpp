#include "isthmus/nn/damage.hpp"

#include <gtest/gtest.h>

#include "tests/support/tiny_autoencoder.hpp"

namespace isthmus::nn {
namespace {

TEST(Damage, IsTheModelsOwnWhereItHasOneAndMay) {
  testing::TinyDenoiser denoiser;
  testing::TinyAutoencoder plain;
  const Tensor x = at::full({3, 1, 2, 4}, 0.5F);
  EXPECT_TRUE(damaged(denoiser, {}, x, 1, 0).equal(x + 1));
  const auto lost = [](const Tensor& copy) { return (copy == 0).flatten(1).sum(1); };
  const Tensor two_each = at::full({3}, 2, at::kLong);  // a quarter of eight
  EXPECT_TRUE(lost(damaged(denoiser, {.own = false}, x, 1, 0)).equal(two_each));
  EXPECT_TRUE(lost(damaged(plain, {}, x, 1, 0)).equal(two_each));
}

TEST(Damage, DependsOnTheSeedAndThePlaceInTheSplitAlone) {
  testing::TinyAutoencoder model;
  const Damage gaussian{.corruption = {CorruptionKind::gaussian, 1}};
  const Tensor x = at::zeros({5, 8});
  const Tensor whole = damaged(model, gaussian, x, 1, 0);
  EXPECT_TRUE(whole.narrow(0, 3, 2).equal(damaged(model, gaussian, x.narrow(0, 3, 2), 1, 3)));
  EXPECT_FALSE(whole.equal(damaged(model, gaussian, x, 2, 0)));
}

TEST(Damage, IsNothingThatTrainingDraws) {
  testing::TinyAutoencoder model;
  const Damage gaussian{.corruption = {CorruptionKind::gaussian, 1}};
  const Tensor x = at::zeros({5, 8});
  for (const Purpose purpose : {Purpose::corrupt, Purpose::training}) {
    Noise first_step(1, purpose, 0, 0);
    EXPECT_FALSE(damaged(model, gaussian, x, 1, 0).equal(corrupt(x, gaussian.corruption, first_step)));
  }
}

}  // namespace
}  // namespace isthmus::nn
