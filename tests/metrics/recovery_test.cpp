#include "isthmus/metrics/recovery.hpp"

#include <gtest/gtest.h>

#include "isthmus/core/error.hpp"

#include "tests/support/linear_gaussian.hpp"
#include "tests/support/more.hpp"
#include "tests/support/tiny_autoencoder.hpp"

namespace isthmus::metrics::recovery {
namespace {

using testing::more;
using testing::says;
using testing::small_data;

// Of eight pixels of 1, masking takes two: an error of 2. Halved, the six others are wrong by 1/2 each: 2 +
// 6/4.
TEST(Recovery, IsHeldAgainstTheCleanImage) {
  testing::TinyAutoencoder model;
  const Data data = small_data(at::ones({3, 1, 2, 4}));
  const auto result = measure({model, data}, {});
  EXPECT_DOUBLE_EQ(result.value, 3.5);
  EXPECT_DOUBLE_EQ(more(result, "damaged"), 2);
  EXPECT_DOUBLE_EQ(result.standard_error.value(), 0);
  EXPECT_EQ(result.unit, "squared error");
  const auto half = measure({model, data}, {.damage = {.corruption = {.level = 0.5}}});
  EXPECT_DOUBLE_EQ(half.value, 5);
  EXPECT_DOUBLE_EQ(more(half, "damaged"), 4);
}

// x + 1, halved, is x where x is 1.
TEST(Recovery, DamagesAsTheModelDidUnlessToldOtherwise) {
  testing::TinyDenoiser model;
  const Data data = small_data(at::ones({3, 1, 2, 4}));
  const auto own = measure({model, data}, {});
  EXPECT_DOUBLE_EQ(own.value, 0);
  EXPECT_DOUBLE_EQ(more(own, "damaged"), 8);
  EXPECT_EQ(more(own, "own_damage"), 1);
  const auto usual = measure({model, data}, {.damage = {.own = false}});
  EXPECT_DOUBLE_EQ(usual.value, 3.5);
  EXPECT_EQ(more(usual, "own_damage"), 0);
}

TEST(Recovery, WarnsWhereItsDamageIsNotThatOfOtherModels) {
  const Data data = testing::tiny_images(5);
  testing::TinyDenoiser other;
  const auto own = measure({other, data}, {});
  ASSERT_EQ(own.warnings.size(), 1U);
  EXPECT_TRUE(says(own.warnings[0], {"masking at level 0.25", "--recovery.own=false"}));
  EXPECT_TRUE(measure({other, data}, {.damage = {.own = false}}).warnings.empty());

  // Trained on the very damage that the others are measured with.
  struct Alike final : testing::TinyAutoencoder, Denoiser {
    Tensor corrupt(const Tensor& x, Noise& noise) override { return nn::corrupt(x, {}, noise); }
  } alike;
  const auto result = measure({alike, data}, {});
  EXPECT_TRUE(result.warnings.empty());
  EXPECT_EQ(more(result, "own_damage"), 1);
  EXPECT_EQ(result.value, measure({alike, data}, {.damage = {.own = false}}).value);
  testing::TinyAutoencoder plain;
  EXPECT_EQ(result.value, measure({plain, data}, {}).value);
  EXPECT_EQ(more(measure({plain, data}, {}), "own_damage"), 0);
}

TEST(Recovery, DamagesAnExampleByItsPlaceInTheSplit) {
  testing::TinyAutoencoder model;
  const Tensor x = Noise(5).uniform({1203, 1, 2, 4});
  const Data data = small_data(x);
  int64_t seen = 0;
  Subject subject{.model = model, .data = data, .seed = 9};
  subject.progress = [&](int64_t done, int64_t total, std::string_view unit) {
    EXPECT_EQ(total, 1203);
    EXPECT_EQ(unit, "images");
    seen = done;
  };
  const Config config{.damage = {.corruption = {nn::CorruptionKind::gaussian, 0.5}}};
  const auto result = measure(subject, config);
  EXPECT_EQ(seen, 1203);
  EXPECT_EQ(more(result, "images"), 1203);
  const Tensor copy = nn::damaged(model, config.damage, x, 9, 0);
  EXPECT_NEAR(result.value, (copy / 2 - x).square().flatten(1).sum(1).mean().item<double>(), 1e-5);
  EXPECT_NEAR(more(result, "damaged"), (copy - x).square().flatten(1).sum(1).mean().item<double>(), 1e-5);
  EXPECT_EQ(result.value, measure(subject, config).value);
  EXPECT_EQ(more(measure({model, data}, {.images = 7}), "images"), 7);
}

TEST(Recovery, RefusesAShareAboveOne) {
  testing::TinyAutoencoder model;
  const Data data = testing::tiny_images(3);
  EXPECT_THROW(measure({model, data}, {.damage = {.corruption = {.level = 2}}}), UsageError);
}

TEST(Recovery, SaysWhyThereIsNoneAndWhatToUse) {
  testing::Half half;
  testing::TinyAutoencoder model;
  const Data data = testing::tiny_images(3);
  EXPECT_FALSE(why_not({model, data}));
  EXPECT_TRUE(says(why_not({half, data}), {"no encoder", "use `reconstruction`"}));
  EXPECT_TRUE(says(why_not({model, data, Split::validation}), {"holds no examples", "--split"}));
}

}  // namespace
}  // namespace isthmus::metrics::recovery
