#include "isthmus/nn/corruption.hpp"

#include <gtest/gtest.h>

#include "isthmus/core/error.hpp"

namespace isthmus::nn {
namespace {

Tensor grey(int64_t rows) {
  return at::full({rows, 1, 4, 5}, 0.5F);
}

TEST(Corruption, MasksExactlyItsShareOfEachRow) {
  Noise noise(1, Purpose::corrupt);
  const Tensor damaged = corrupt(grey(50), {.corruption = CorruptionKind::masking, .level = 0.25}, noise);
  EXPECT_TRUE((damaged == 0).flatten(1).sum(1).equal(at::full({50}, 5, at::kLong)));
  EXPECT_TRUE((damaged == 0.5F).flatten(1).sum(1).equal(at::full({50}, 15, at::kLong)));
  EXPECT_FALSE(damaged[0].equal(damaged[1])) << "each row loses its own";
}

TEST(Corruption, MasksEveryPlaceAlike) {
  Noise noise(1, Purpose::corrupt);
  const Tensor lost = (corrupt(grey(4000), {.level = 0.25}, noise) == 0).to(at::kFloat).mean(0);
  EXPECT_TRUE(lost.allclose(at::full_like(lost, 0.25F), 0, 0.035)) << "five standard deviations of a share";
}

TEST(Corruption, SaltAndPepperAreZeroAndOneAlike) {
  Noise noise(1, Purpose::corrupt);
  const Tensor damaged = corrupt(grey(2000), {CorruptionKind::salt_pepper, 0.5}, noise);
  EXPECT_TRUE((damaged != 0.5F).flatten(1).sum(1).equal(at::full({2000}, 10, at::kLong)));
  EXPECT_NEAR((damaged == 1).sum().item<double>() / 20000, 0.5, 0.02);
}

TEST(Corruption, GaussianNoiseHasItsDeviation) {
  Noise noise(1, Purpose::corrupt);
  const Tensor error = corrupt(grey(5000), {CorruptionKind::gaussian, 0.3}, noise) - 0.5;
  EXPECT_NEAR(error.mean().item<double>(), 0, 5 * 0.3 / std::sqrt(1e5));
  EXPECT_NEAR(error.std().item<double>(), 0.3, 0.005);
}

TEST(Corruption, RowsTakeTheirOwnNoise) {
  for (const auto kind : {CorruptionKind::masking, CorruptionKind::gaussian, CorruptionKind::salt_pepper}) {
    Noise noise(1, Purpose::corrupt);
    Noise tail(1, Purpose::corrupt, 0, 3);
    EXPECT_TRUE(
        corrupt(grey(6), {kind, 0.4}, noise).narrow(0, 3, 3).equal(corrupt(grey(3), {kind, 0.4}, tail)));
  }
}

TEST(Corruption, LevelZeroChangesNothingAndOneTakesAll) {
  Noise noise(1, Purpose::corrupt);
  for (const auto kind : {CorruptionKind::masking, CorruptionKind::gaussian, CorruptionKind::salt_pepper})
    EXPECT_TRUE(corrupt(grey(3), {kind, 0}, noise).equal(grey(3)));
  EXPECT_TRUE(corrupt(grey(3), {CorruptionKind::masking, 1}, noise).equal(at::zeros_like(grey(3))));
}

TEST(Corruption, RefusesAShareAboveOne) {
  Noise noise(1);
  EXPECT_THROW(corrupt(grey(3), {CorruptionKind::masking, 1.5}, noise), UsageError);
  EXPECT_NO_THROW(corrupt(grey(3), {CorruptionKind::gaussian, 1.5}, noise));
}

}  // namespace
}  // namespace isthmus::nn
