#include "isthmus/train/flat_parameters.hpp"

#include <gtest/gtest.h>

namespace isthmus::train {
namespace {

struct TwoLayers final : Model {
  TwoLayers() {
    first = register_parameter("first", at::arange(6, at::kFloat).view({2, 3}));
    second = register_parameter("second", at::full({5}, 2.0F));
  }
  Loss loss(const Batch&, Step&) override {
    return {.terms = {{"loss", (first * first).sum() + 3 * second.sum()}}};
  }
  Tensor reconstruct(const Batch& batch, Noise&) override { return batch.x; }
  Tensor first;
  Tensor second;
};

TEST(FlatParameters, AreTheModelsOwnNumbers) {
  TwoLayers model;
  const FlatParameters flat(model);
  EXPECT_EQ(flat.count(), 11);
  EXPECT_TRUE(model.first.equal(at::arange(6, at::kFloat).view({2, 3})));
  const at::NoGradGuard no_grad;
  flat.values().fill_(7);
  EXPECT_TRUE(model.first.equal(at::full({2, 3}, 7.0F)));
  EXPECT_TRUE(model.second.equal(at::full({5}, 7.0F)));
}

TEST(FlatParameters, BackwardAddsIntoTheFlatGradient) {
  TwoLayers model;
  FlatParameters flat(model);
  Step step{0, Noise(1)};
  for (int times = 1; times <= 2; ++times) {
    model.loss({}, step).total().backward();
    EXPECT_FLOAT_EQ(flat.gradients().sum().item<float>(), static_cast<float>(times * (2 * 15 + 3 * 5)));
  }
  flat.gradients().zero_();
  EXPECT_EQ(model.first.grad().abs().sum().item<float>(), 0);
  EXPECT_EQ(model.first.grad().const_data_ptr<float>(), flat.gradients().const_data_ptr<float>());
}

TEST(FlatParameters, KnowWhichOfThemALossDependsOn) {
  TwoLayers model;
  const FlatParameters flat(model);
  const auto ranges = [&](const Tensor& loss) {
    std::vector<std::pair<int64_t, int64_t>> all;
    for (const auto [first, size] : flat.ranges_of(loss)) all.emplace_back(first, size);
    return all;
  };
  using Ranges = std::vector<std::pair<int64_t, int64_t>>;
  EXPECT_EQ(ranges(model.first.sum()), (Ranges{{0, 16}}));
  EXPECT_EQ(ranges((model.second * 0).sum()), (Ranges{{16, 16}})) << "a gradient of 0 is one";
  EXPECT_EQ(ranges(model.first.sum() * model.second.square().sum()), (Ranges{{0, 32}}));
  EXPECT_EQ(ranges(model.first.sum() + model.second.detach().sum()), (Ranges{{0, 16}}));
  EXPECT_EQ(ranges(at::ones({})), Ranges{});
}

TEST(FlatParameters, HaveAShadowWhenAsked) {
  TwoLayers model;
  EXPECT_FALSE(FlatParameters(model).shadow().rounded.defined());
  FlatParameters flat(model, true);
  EXPECT_TRUE(flat.shadow().rounded.equal(flat.values().to(at::kBFloat16)));
  EXPECT_TRUE(flat.shadow().values.is_same(flat.values()));
  const at::NoGradGuard no_grad;
  flat.values().fill_(1.7);
  flat.refresh_shadow();
  EXPECT_TRUE(flat.shadow().rounded.equal(flat.values().to(at::kBFloat16)));
}

TEST(FlatParameters, StartEachOnItsOwnCacheLine) {
  TwoLayers model;
  const FlatParameters flat(model);
  EXPECT_EQ(flat.values().numel(), 32);
  EXPECT_EQ(model.second.const_data_ptr<float>() - model.first.const_data_ptr<float>(), 16);
}

}  // namespace
}  // namespace isthmus::train
