#include "isthmus/nn/condition.hpp"

#include <gtest/gtest.h>

#include "isthmus/core/error.hpp"

#include "tests/support/more.hpp"

namespace isthmus::nn {
namespace {

DataSpec images() {
  return {.shape = {1, 4, 4}, .classes = 3, .mean = at::arange(16, at::kFloat).view({1, 4, 4})};
}

Batch numbered(int64_t count) {
  return {.x = at::arange(count * 16, at::kFloat).view({count, 1, 4, 4}), .labels = at::arange(count) % 3};
}

TEST(Condition, GivesTheClassAsOneOfSoMany) {
  const Condition condition({.given = Given::label}, images());
  EXPECT_EQ(condition.classes(), 3);
  EXPECT_EQ(condition.size(), 3);
  EXPECT_TRUE(condition.rows(numbered(4)).equal(at::eye(3).index_select(0, at::tensor({0, 1, 2, 0}))));
  EXPECT_EQ(condition.part().sum().item<int64_t>(), 0) << "no pixel is given";
  EXPECT_TRUE(condition.hidden_of(numbered(2).x).equal(numbered(2).x.flatten(1)));
}

// Rows 0 … 3 of a 4x4 image hold the numbers 0 … 15.
TEST(Condition, GivesQuadrantsFromTheLowerLeftOn) {
  const auto given = [](int64_t quadrants) {
    const Condition condition({.given = Given::quadrants, .quadrants = quadrants}, images());
    return condition.rows(numbered(1)).flatten();
  };
  EXPECT_TRUE(given(1).equal(at::tensor({8, 9, 12, 13}, at::kFloat)));
  EXPECT_TRUE(given(2).equal(at::tensor({0, 1, 4, 5, 8, 9, 12, 13}, at::kFloat)));
  EXPECT_TRUE(given(3).equal(at::tensor({0, 1, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15}, at::kFloat)));
}

TEST(Condition, PutsWhatIsPredictedBackInItsPlace) {
  for (const int64_t quadrants : {1, 2, 3}) {
    const Condition condition({.given = Given::quadrants, .quadrants = quadrants}, images());
    const Batch batch = numbered(3);
    EXPECT_EQ(condition.size() + condition.hidden().shape.front(), 16);
    EXPECT_TRUE(condition.completed(batch, condition.hidden_of(batch.x)).equal(batch.x));
    const Tensor blank = condition.completed(batch, at::full({3, condition.hidden().shape.front()}, -1.0));
    EXPECT_TRUE((blank * condition.part()).equal(batch.x * condition.part())) << "what is given is repeated";
    EXPECT_EQ((blank == -1).sum().item<int64_t>(), 3 * condition.hidden().shape.front());
  }
}

TEST(Condition, TakesTheMeanOfWhatIsLeft) {
  const Condition condition({.given = Given::quadrants, .quadrants = 3}, images());
  EXPECT_TRUE(condition.hidden().mean.equal(at::tensor({2, 3, 6, 7}, at::kFloat)));
}

TEST(Condition, CutsMeansAndVariancesOfADecoderAlike) {
  const Condition condition({.given = Given::quadrants, .quadrants = 3}, images());
  const Tensor x = numbered(2).x;
  const Tensor both = condition.hidden_of(at::cat({x, x + 100}, 1));
  EXPECT_TRUE(both.equal(at::cat({condition.hidden_of(x), condition.hidden_of(x) + 100}, 1)));
}

TEST(Condition, RefusesWhatCannotBeGiven) {
  const DataSpec no_classes{.shape = {1, 4, 4}};
  EXPECT_THROW(Condition({.given = Given::label}, no_classes), UsageError);
  const DataSpec no_image{.shape = {16}, .classes = 3};
  EXPECT_THROW(Condition({.given = Given::quadrants}, no_image), UsageError);
  EXPECT_THROW(Condition({.given = Given::label, .quadrants = 2}, images()), UsageError);
  const Condition condition({.given = Given::label}, images());
  EXPECT_THROW(condition.rows({.x = at::zeros({1, 1, 4, 4})}), UsageError) << "no labels";
  EXPECT_THROW(condition.rows({.x = at::zeros({1, 1, 4, 4}), .labels = at::full({1}, 3, at::kLong)}),
               UsageError);
}

}  // namespace
}  // namespace isthmus::nn
