#include "isthmus/train/loader.hpp"

#include <set>

#include <gtest/gtest.h>

#include "tests/support/datasets.hpp"
#include "tests/support/errors.hpp"

namespace isthmus::train {
namespace {

constexpr uint64_t seed = 9;

/// What a loop without a thread would gather.
Batch plain(const Dataset& set, int64_t batch, int64_t step) {
  const int64_t steps = set.size() / batch;
  const std::vector<int64_t> order = Noise(seed, Purpose::shuffle, step / steps).permutation(set.size());
  const auto first = order.begin() + step % steps * batch;
  return gather(set, Binarise::dynamic, std::vector<int64_t>(first, first + batch),
                Noise(seed, Purpose::binarise, step));
}

TEST(Loader, GivesTheBatchesOfAPlainLoop) {
  const auto set = test::flat_images(103);
  Loader loader(*set, Binarise::dynamic, 10, seed);
  EXPECT_EQ(loader.steps_per_epoch(), 10);
  for (int64_t step = 0; step < 35; ++step) {
    const Batch& batch = loader.next();
    const Batch expected = plain(*set, 10, step);
    EXPECT_TRUE(at::equal(batch.x, expected.x)) << step;
    EXPECT_TRUE(at::equal(batch.labels, expected.labels)) << step;
  }
}

TEST(Loader, GivesTheSameBatchesFromALaterStepOn) {
  const auto set = test::flat_images(50);
  Loader loader(*set, Binarise::dynamic, 8, seed, 17);
  for (int64_t step = 17; step < 30; ++step) EXPECT_TRUE(at::equal(loader.next().x, plain(*set, 8, step).x));
}

TEST(Loader, AnEpochSeesNoExampleTwice) {
  const auto set = test::flat_images(100);
  Loader loader(*set, Binarise::none, 9, seed);
  std::vector<std::set<float>> seen(2);
  for (std::set<float>& epoch : seen)
    for (int64_t step = 0; step < loader.steps_per_epoch(); ++step) {
      const Batch& batch = loader.next();
      for (int64_t i = 0; i < 9; ++i) epoch.insert(batch.x[i][0][0][0].item<float>());
    }
  EXPECT_EQ(seen[0].size(), 99U);
  EXPECT_EQ(seen[1].size(), 99U);
}

TEST(Loader, LeavesBatchesAloneThatAreStillHeld) {
  const auto set = test::flat_images(100);
  Loader loader(*set, Binarise::none, 10, seed);
  std::vector<Tensor> held;
  for (int64_t step = 0; step < 10; ++step) held.push_back(loader.next().x);
  for (int64_t step = 0; step < 10; ++step) {
    const std::vector<int64_t> order = Noise(seed, Purpose::shuffle, 0).permutation(100);
    const float first = static_cast<float>(order[static_cast<size_t>(10 * step)]) / 255.F;
    EXPECT_EQ(held[static_cast<size_t>(step)][0][0][0][0].item<float>(), first);
  }
}

class Broken final : public Dataset {
 public:
  int64_t size() const override { return 10; }
  const Shape& shape() const override { return shape_; }
  void gather(std::span<const int64_t>, std::span<float>) const override {
    throw Error({.who = "broken", .expected = "a disk", .got = "a puddle"});
  }

 private:
  Shape shape_{1};
};

TEST(Loader, HandsOverErrors) {
  const Broken set;
  for (const at::Device device : {at::Device(at::kCPU), at::Device(at::kCUDA, 0)}) {
    Loader loader(set, Binarise::none, 5, seed, 0, device);
    test::expect_error("[broken] expected a disk, got a puddle", [&] { loader.next(); });
  }
}

TEST(Loader, MakesTheSameBatchesAheadForAnotherDevice) {
  const auto set = test::flat_images(100);
  Loader here(*set, Binarise::dynamic, 10, seed, 3);
  Loader ahead(*set, Binarise::dynamic, 10, seed, 3, at::Device(at::kCUDA, 0));
  for (int step = 0; step < 25; ++step) EXPECT_TRUE(here.next().x.equal(ahead.next().x)) << step;
}

TEST(Loader, RefusesABatchThatTheSplitDoesNotFill) {
  const auto set = test::flat_images(10);
  test::expect_error(
      "expected a batch from 1 to 10, the size of the training split, got 11; try a smaller --fit.batch",
      [&] { Loader(*set, Binarise::none, 11, seed); });
  test::expect_error("got 0", [&] { Loader(*set, Binarise::none, 0, seed); });
  EXPECT_EQ(Loader(*set, Binarise::none, 10, seed).steps_per_epoch(), 1);
}

}  // namespace
}  // namespace isthmus::train
