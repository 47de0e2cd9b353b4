#include "isthmus/nn/reconstruction.hpp"

#include <gtest/gtest.h>

#include "isthmus/core/error.hpp"
#include "isthmus/nn/mlp.hpp"

namespace isthmus::nn {
namespace {

constexpr auto all = {ReconstructionLoss::squared_error, ReconstructionLoss::sigmoid_squared_error,
                      ReconstructionLoss::cross_entropy};

TEST(Reconstruction, SumsOverAnExample) {
  Noise noise(1);
  const Tensor outputs = 3 * noise.normal({5, 1, 2, 3});
  const Tensor x = noise.uniform({5, 1, 2, 3});
  for (const auto loss : all) {
    const Reconstruction reconstruction(loss, {.shape = {1, 2, 3}});
    const Tensor error = reconstruction.error(outputs, x);
    const Tensor y = reconstruction.image(outputs);
    EXPECT_EQ(y.sizes(), x.sizes());
    const Tensor each = loss == ReconstructionLoss::cross_entropy
                            ? -(x * at::log(y) + (1 - x) * at::log(1 - y))
                            : (x - y).square();
    EXPECT_TRUE(error.allclose(each.flatten(1).sum(1), 1e-4, 1e-5));
  }
}

TEST(Reconstruction, StartsAtTheMeanOfTheData) {
  Noise noise(1);
  const Tensor mean = noise.uniform({1, 2, 3});
  for (const auto loss : all) {
    const Reconstruction reconstruction(loss, {.shape = {1, 2, 3}});
    Mlp decoder(4, {}, 6, Activation::identity, noise);
    reconstruction.start(decoder, mean);
    EXPECT_TRUE(reconstruction.image(decoder.forward(at::zeros({1, 4})))[0].allclose(mean, 1e-4, 1e-4));
  }
}

TEST(Reconstruction, IsFloat32OfANarrowDecoder) {
  const Reconstruction reconstruction(ReconstructionLoss::squared_error, {.shape = {2}});
  EXPECT_EQ(reconstruction.error(at::ones({3, 2}, at::kBFloat16), at::ones({3, 2})).scalar_type(),
            at::kFloat);
}

TEST(Reconstruction, TakesOnlyPixelsForSquashedOutputs) {
  for (const auto loss : {ReconstructionLoss::sigmoid_squared_error, ReconstructionLoss::cross_entropy})
    EXPECT_THROW(Reconstruction(loss, {.shape = {2}, .unit = false}), UsageError);
  EXPECT_NO_THROW(Reconstruction(ReconstructionLoss::squared_error, {.shape = {2}, .unit = false}));
}

}  // namespace
}  // namespace isthmus::nn
