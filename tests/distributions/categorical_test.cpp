#include "isthmus/distributions/categorical.hpp"

#include <gtest/gtest.h>

namespace isthmus::distributions {
namespace {

TEST(Categorical, SumsToOneWhateverConstantTheLogitsCarry) {
  Noise noise(1);
  const Tensor logits = noise.normal({3, 6}) + 50;
  Tensor sum = at::zeros({3});
  for (int64_t c = 0; c < 6; ++c) sum += at::exp(categorical::log_prob(logits, at::full({3}, c, at::kLong)));
  EXPECT_TRUE(sum.allclose(at::ones({3}), 0, 1e-6));
}

TEST(Categorical, HasTheDivergenceOfASum) {
  Noise noise(2);
  const Tensor q = noise.normal({4, 5}).to(at::kDouble);
  const Tensor p = noise.normal({4, 5}).to(at::kDouble);
  Tensor divergence = at::zeros({4}, at::kDouble);
  for (int64_t c = 0; c < 5; ++c) {
    const Tensor index = at::full({4}, c, at::kLong);
    const Tensor log_q = categorical::log_prob(q, index);
    divergence += at::exp(log_q) * (log_q - categorical::log_prob(p, index));
  }
  EXPECT_TRUE(categorical::kl(q, p).allclose(divergence, 0, 1e-12));
}

TEST(Categorical, DrawsWithItsProbabilities) {
  Noise noise(3);
  const Tensor logits = at::log(at::tensor({0.1F, 0.6F, 0.3F}));
  const Tensor index = categorical::draw(logits.expand({20000, 3}), noise);
  EXPECT_EQ(index.sizes(), (at::IntArrayRef{20000}));
  const Tensor frequencies = at::bincount(index, {}, 3).to(at::kFloat) / 20000;
  EXPECT_TRUE(frequencies.allclose(at::exp(logits), 0, 0.015));
}

}  // namespace
}  // namespace isthmus::distributions
