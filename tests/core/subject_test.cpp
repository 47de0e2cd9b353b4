#include "isthmus/core/subject.hpp"

#include <gtest/gtest.h>

#include "tests/support/datasets.hpp"
#include "tests/support/errors.hpp"

namespace isthmus {
namespace {

struct Identity final : Model {
  Loss loss(const Batch& batch, Step& /*step*/) override { return {.terms = {{"loss", batch.x.mean()}}}; }
  Tensor reconstruct(const Batch& batch, Noise& /*noise*/) override { return batch.x; }
};

TEST(ForEachBatch, DynamicPixelsAreTheSameInBatchesOfAnySize) {
  Identity model;
  const Data data = cut("test", {.train = test::flat_images(9), .test = test::flat_images(100, 128)},
                        {.binarise = Binarise::dynamic});
  const Subject subject{.model = model, .data = data, .seed = 3};
  const auto all = [&](int64_t batch) {
    std::vector<Tensor> parts;
    for_each_batch(subject, batch, 0, [&](const Batch& part, int64_t first) {
      EXPECT_EQ(first, static_cast<int64_t>(parts.size()) * batch);
      parts.push_back(part.x);
    });
    return at::cat(parts);
  };
  const Tensor whole = all(100);
  EXPECT_EQ(whole.size(0), 100);
  EXPECT_TRUE(at::equal(whole, all(7)));
  EXPECT_TRUE(at::equal(whole.slice(0, 0, 5), first_examples(subject, 5).x));
  const Subject other{.model = model, .data = data, .seed = 4};
  EXPECT_FALSE(at::equal(whole, first_examples(other, 100).x));
}

TEST(ForEachBatch, StopsAtTheLimit) {
  Identity model;
  const Data data = cut("test", {.train = test::flat_images(9), .test = test::flat_images(10)}, {});
  const Subject subject{.model = model, .data = data};
  const auto sizes = [&](int64_t batch, int64_t limit) {
    std::vector<int64_t> all;
    for_each_batch(subject, batch, limit, [&](const Batch& part, int64_t) { all.push_back(part.size()); });
    return all;
  };
  EXPECT_EQ(sizes(4, 0), (std::vector<int64_t>{4, 4, 2}));
  EXPECT_EQ(sizes(4, 5), (std::vector<int64_t>{4, 1}));
  EXPECT_EQ(sizes(4, 99), (std::vector<int64_t>{4, 4, 2}));
  EXPECT_EQ(first_examples(subject, 99).size(), 10);
  test::expect_error("a batch of 1 or more, got 0", [&] { sizes(0, 0); });
}

TEST(ForEachBatch, SaysWhenThereIsNothingToLookAt) {
  Identity model;
  const Data data = cut("test", {.train = test::flat_images(9)}, {.validation = 0, .test = 0});
  const Subject subject{.model = model, .data = data};
  test::expect_error("[test] expected examples in the test split, got none; try a larger share --data.test",
                     [&] { first_examples(subject, 1); });
  test::expect_error("got none", [&] { for_each_batch(subject, 1, 0, [](const Batch&, int64_t) {}); });
}

}  // namespace
}  // namespace isthmus
