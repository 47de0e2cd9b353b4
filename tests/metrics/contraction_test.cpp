#include "isthmus/metrics/contraction.hpp"

#include <gtest/gtest.h>

#include "tests/support/linear_gaussian.hpp"
#include "tests/support/more.hpp"
#include "tests/support/tiny_autoencoder.hpp"

namespace isthmus::metrics::contraction {
namespace {

using testing::more;
using testing::says;
using testing::small_data;

/// The code is x² / 2, so its Jacobian is diag(x), of norm ‖x‖.
struct Square final : Model, Encoder {
  Loss loss(const Batch& batch, Step&) override { return {.terms = {{"loss", batch.x.sum()}}}; }
  Tensor reconstruct(const Batch& batch, Noise&) override { return batch.x; }
  Tensor encode(const Tensor& x) override { return x.square().flatten(1) / 2; }
};

TEST(Contraction, IsTheMeanNormNotTheMeanSquare) {
  Square model;
  model.eval();
  const Data data = small_data(at::tensor({3.0, 4.0, 0.0, 1.0}).view({2, 1, 1, 2}));
  const at::NoGradGuard as_evaluate_does;
  const auto result = measure({model, data}, {});
  EXPECT_DOUBLE_EQ(result.value, 3);  // (5 + 1) / 2
  EXPECT_DOUBLE_EQ(result.standard_error.value(), 2);
  EXPECT_DOUBLE_EQ(more(result, "mean_square"), 13);  // (25 + 1) / 2
  EXPECT_DOUBLE_EQ(more(result, "largest"), 5);
  EXPECT_EQ(more(result, "images"), 2);
  EXPECT_FALSE(at::GradMode::is_enabled()) << "the caller's mode is kept";
}

TEST(Contraction, OfPixelsTakenAsTheyAreIsTheRootOfTheirNumber) {
  testing::TinyAutoencoder model(3);
  const Data data = testing::tiny_images(4);
  EXPECT_NEAR(measure({model, data}, {}).value, std::sqrt(3.0), 1e-6);
}

TEST(Contraction, CoversManyBatchesAndNoMoreThanItsImages) {
  Square model;
  const Data data = small_data(at::full({230, 4}, 2.0));
  int64_t seen = 0;
  Subject subject{.model = model, .data = data};
  subject.progress = [&](int64_t done, int64_t total, std::string_view unit) {
    EXPECT_EQ(total, 220);
    EXPECT_EQ(unit, "images");
    seen = done;
  };
  const auto result = measure(subject, {.images = 220});
  EXPECT_EQ(seen, 220);
  EXPECT_NEAR(result.value, 4, 1e-6);
  EXPECT_NEAR(result.standard_error.value(), 0, 1e-6);
  EXPECT_EQ(more(measure({model, data}, {.images = 0}), "images"), 230);
  EXPECT_LT(Config::quick().images, Config{}.images);
}

/// The code is a row of a table that is learned: it has a graph, but none that leads to x.
struct LookedUp final : Model, Encoder {
  LookedUp() : table(register_parameter("table", at::ones({2, 3}))) {}
  Loss loss(const Batch& batch, Step&) override { return {.terms = {{"loss", batch.x.sum()}}}; }
  Tensor reconstruct(const Batch& batch, Noise&) override { return batch.x; }
  Tensor encode(const Tensor& x) override {
    return table.index_select(0, (x.flatten(1).sum(1) > 1).to(at::kLong));
  }
  Tensor table;
};

struct Rounded final : Model, Encoder {
  Loss loss(const Batch& batch, Step&) override { return {.terms = {{"loss", batch.x.sum()}}}; }
  Tensor reconstruct(const Batch& batch, Noise&) override { return batch.x; }
  Tensor encode(const Tensor& x) override { return (x.flatten(1) > 0.5).to(at::kFloat); }
};

TEST(Contraction, SaysWhyThereIsNoneAndWhatToUse) {
  testing::Half half;
  LookedUp looked_up;
  Rounded rounded;
  Square model;
  const Data data = small_data(at::ones({2, 3}));
  EXPECT_FALSE(why_not({model, data}));
  EXPECT_TRUE(says(why_not({rounded, data}), {"rounds or looks up", "use `reconstruction`"}));
  EXPECT_TRUE(says(why_not({looked_up, data}), {"rounds or looks up", "use `reconstruction`"}));
  EXPECT_TRUE(says(why_not({half, data}), {"no encoder", "use `reconstruction`"}));
  EXPECT_TRUE(says(why_not({model, data, Split::validation}), {"holds no examples", "--split"}));
}

}  // namespace
}  // namespace isthmus::metrics::contraction
