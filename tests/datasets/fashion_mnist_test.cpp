#include "isthmus/datasets/fashion_mnist.hpp"

#include <numeric>

#include <gtest/gtest.h>

#include "tests/support/datasets.hpp"
#include "tests/support/errors.hpp"
#include "tests/support/temporary_folder.hpp"

namespace isthmus::datasets {
namespace {

TEST(FashionMnist, HoldsClothesWhereItIsInstalled) {
  Source source;
  try {
    source = fashion_mnist::open({});
  } catch (const Error& error) {
    GTEST_SKIP() << error.what();
  }
  EXPECT_EQ(source.train->size(), 60'000);
  EXPECT_EQ(source.test->size(), 10'000);
  EXPECT_EQ(source.train->shape(), (Shape{1, 28, 28}));
  EXPECT_EQ(source.train->class_names().at(static_cast<size_t>(source.train->labels()[0])), "ankle boot");
  for (const int64_t label : {0, 9}) EXPECT_EQ(std::ranges::count(source.test->labels(), label), 1000);
  const std::vector<float> values = test::values_of(*source.train);
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  EXPECT_NEAR(mean, 0.286041, 5e-7);
  EXPECT_FALSE(source.train->binary());
}

TEST(FashionMnist, SaysHowToGetIt) {
  const test::TemporaryFolder empty;
  test::expect_error("try `apt install dataset-fashion-mnist`",
                     [&] { fashion_mnist::open({.path = empty.string()}); });
  test::expect_error("[fashion_mnist] expected --data.size 0", [] { fashion_mnist::open({.size = 32}); });
}

}  // namespace
}  // namespace isthmus::datasets
