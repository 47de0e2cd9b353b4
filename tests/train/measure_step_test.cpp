#include "isthmus/train/measure_step.hpp"

#include <vector>

#include <gtest/gtest.h>

#include "isthmus/core/error.hpp"
#include "isthmus/train/checkpoint.hpp"
#include "isthmus/train/fit.hpp"

#include "tests/support/small_recipe.hpp"

namespace isthmus::train {
namespace {

Recipe small(int64_t steps) {
  Recipe recipe = test::small_recipe();
  recipe.set("fit.steps", std::to_string(steps));
  return recipe;
}

TEST(MeasureStep, TimesEveryPartOfEveryStep) {
  Training training(small(100));
  std::vector<int64_t> told;
  const StepTimes times = measure_step(training, 40, 5, 10, [&](int64_t steps) { told.push_back(steps); });
  EXPECT_EQ(times.steps, 40);
  EXPECT_EQ(told.size(), 40U);
  EXPECT_EQ(told.back(), 40);
  EXPECT_LE(times.minimum, times.median);
  for (const double part : {times.forward, times.backward, times.optimiser, times.bound}) EXPECT_GT(part, 0);
  EXPECT_GE(times.data, 0);
  EXPECT_EQ(times.share_of_bound(), times.bound / times.median);
}

// Forwards one a layer; backwards one for its weights and one for its inputs, which the first layer does not
// need.
TEST(MeasureStep, CountsEveryProductAndConvolution) {
  Training dense(small(100));
  EXPECT_EQ(measure_step(dense, 2, 1, 1).products, 4 + 4 + 3);
  Recipe recipe = small(100);
  recipe.set("backbone.kind", "conv");
  recipe.set("backbone.channels", "4,4");
  Training convolutional(recipe);
  // Four convolutions with a backward call each, and four dense layers between them.
  EXPECT_EQ(measure_step(convolutional, 2, 1, 1).products, 4 + 4 + 4 + 8);
}

TEST(MeasureStep, MovesTheTrainingAsFitDoes) {
  Training timed(small(26));
  measure_step(timed, 20, 5, 3);
  Training fitted(small(26));
  fit(fitted, {});
  EXPECT_EQ(timed.step(), fitted.step());
  const auto expected = state_of(fitted.model());
  for (const auto& [name, tensor] : state_of(timed.model()))
    EXPECT_TRUE(tensor.equal(expected.at(name))) << name;
}

TEST(MeasureStep, RefusesToTimeNothing) {
  Training training(small(100));
  EXPECT_THROW(measure_step(training, 0, 5), UsageError);
}

}  // namespace
}  // namespace isthmus::train
