#include "isthmus/metrics/linear_probe.hpp"

#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/linear_gaussian.hpp"
#include "tests/support/more.hpp"

namespace isthmus::metrics::linear_probe {
namespace {

using testing::more;
using testing::Rows;
using testing::says;
using testing::small_data;

/// The pixels are the code.
struct Identity final : Model, Encoder {
  Loss loss(const Batch& batch, Step&) override { return {.terms = {{"loss", batch.x.sum()}}}; }
  Tensor reconstruct(const Batch& batch, Noise&) override { return batch.x; }
  Tensor encode(const Tensor& x) override { return x; }
};

std::vector<int64_t> numbers(const Tensor& labels) {
  return {labels.const_data_ptr<int64_t>(), labels.const_data_ptr<int64_t>() + labels.numel()};
}

// Two unit Gaussians `apart` standard deviations from each other, classes in turn: no classifier errs less
// than Φ(−apart/2). One pixel is noise, one is dead, and the scales differ a millionfold.
std::shared_ptr<Rows> two_classes(int64_t n, double apart, uint64_t seed) {
  const Tensor labels = at::arange(n) % 2;
  Noise noise(seed);
  const Tensor x = noise.normal({n, 3});
  x.select(1, 0).add_(labels * apart).mul_(1000).add_(30000);
  x.select(1, 1).mul_(0.001);
  x.select(1, 2).fill_(0.5);
  return std::make_shared<Rows>(x, numbers(labels));
}

TEST(LinearProbe, ReachesTheLeastErrorThereIs) {
  Identity model;
  const Data data = small_data(two_classes(20000, 2, 1), two_classes(20000, 2, 2));
  const auto result = measure({model, data}, {});
  EXPECT_NEAR(result.value, 15.866, 4 * result.standard_error.value());  // Φ(−1)
  EXPECT_NEAR(result.standard_error.value(), 100 * std::sqrt(0.15866 * 0.84134 / 20000), 0.005);
  EXPECT_EQ(result.unit, "%");
  EXPECT_EQ(more(result, "classes"), 2);
  EXPECT_EQ(more(result, "train_examples"), 20000);
  EXPECT_EQ(more(result, "examples"), 20000);
  EXPECT_TRUE(result.warnings.empty());
}

/// Its code says nothing.
struct Mute final : Model, Encoder {
  Loss loss(const Batch& batch, Step&) override { return {.terms = {{"loss", batch.x.sum()}}}; }
  Tensor reconstruct(const Batch& batch, Noise&) override { return batch.x; }
  Tensor encode(const Tensor& x) override { return at::zeros({x.size(0), 2}); }
};

TEST(LinearProbe, ReadsThePixelsInstead) {
  Mute model;
  const Data data = small_data(two_classes(2000, 2, 1), two_classes(2000, 2, 2));
  EXPECT_EQ(measure({model, data}, {}).value, 50);
  const auto result = measure({model, data}, {.of = Of::pixels});
  EXPECT_NEAR(result.value, 15.866, 4 * result.standard_error.value());
}

// Of two features that say the same, a penalty is easier on the one that is larger, unless both are
// standardised.
TEST(LinearProbe, StandardisesUnlessToldNotTo) {
  Identity model;
  const Tensor labels = at::arange(2000) % 2;
  Noise noise(4);
  const Tensor x = noise.normal({2000, 2});
  x.select(1, 0).add_(2 * labels).mul_(1e-4);  // the class, very small beside noise
  const auto rows = std::make_shared<Rows>(x, numbers(labels));
  const Data data = small_data(rows, rows);
  EXPECT_LT(measure({model, data}, {.l2 = 10}).value, 20);
  EXPECT_GT(measure({model, data}, {.l2 = 10, .standardise = false}).value, 30);
}

TEST(LinearProbe, IsFittedToTheTrainingSplitAlone) {
  Identity model;
  // The test labels are turned round, so what is right in training is wrong in the test.
  auto train = two_classes(2000, 20, 1);
  const Tensor x = at::empty({2000, 3});
  std::vector<int64_t> rows(2000);
  std::vector<int64_t> turned(2000);
  for (size_t i = 0; i < 2000; ++i) {
    rows[i] = static_cast<int64_t>(i);
    turned[i] = 1 - train->labels()[i];
  }
  train->gather(rows, {x.mutable_data_ptr<float>(), 6000});
  const Data data = small_data(train, std::make_shared<Rows>(x, turned));
  EXPECT_EQ(measure({model, data}, {}).value, 100);

  const auto on_train = measure({model, data, Split::train}, {});
  EXPECT_EQ(on_train.value, 0);
  ASSERT_EQ(on_train.warnings.size(), 1U);
  EXPECT_TRUE(says(on_train.warnings[0], {"fitted to", "--split test"}));
}

TEST(LinearProbe, WarnsOfWhatItCouldNotLearn) {
  Identity model;
  const Data data = small_data(two_classes(400, 2, 1), two_classes(100, 2, 2));
  const auto one_class = measure({model, data}, {.examples = 1});
  ASSERT_EQ(one_class.warnings.size(), 1U);
  EXPECT_TRUE(says(one_class.warnings[0], {"no example of class 1", "--linear_probe.examples"}));
  EXPECT_EQ(one_class.value, 50);
  EXPECT_EQ(more(one_class, "train_examples"), 1);

  const auto hasty = measure({model, data}, {.iterations = 1});
  ASSERT_EQ(hasty.warnings.size(), 1U);
  EXPECT_TRUE(says(hasty.warnings[0], {"not converged in 1 steps", "--linear_probe.iterations"}));
}

TEST(LinearProbe, SaysWhyThereIsNoneAndWhatToUse) {
  testing::Half half;
  Identity model;
  const Data data = small_data(two_classes(10, 2, 1), two_classes(10, 2, 2));
  const Data unlabelled = small_data(at::zeros({4, 3}));
  EXPECT_FALSE(why_not({model, data}));
  EXPECT_TRUE(says(why_not({half, data}), {"no encoder", "use `reconstruction`"}));
  EXPECT_TRUE(says(why_not({model, unlabelled}), {"small has no labels", "a data set with classes"}));
}

}  // namespace
}  // namespace isthmus::metrics::linear_probe
