// How every model of the menu must train.

#include <cmath>
#include <cstdint>
#include <map>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "isthmus/core/model_entry.hpp"
#include "isthmus/train/checkpoint.hpp"
#include "isthmus/train/fit.hpp"

#include "tests/conformance/every_model.hpp"
#include "tests/support/temporary_folder.hpp"

namespace isthmus {
namespace {

class ModelInTraining : public testing::EveryModel {
 protected:
  train::Recipe small_recipe() const {
    train::Recipe recipe(entry().name, "sprites");
    for (const auto& [path, text] :
         {std::pair{"data.size", "32"}, {"data.limit", "600"}, {"fit.batch", "32"}, {"fit.steps", "60"}})
      recipe.set(path, text);
    return recipe;
  }
};

/// The loss of each step of a training that goes to its end.
std::vector<double> losses_of(train::Training& training, std::vector<train::Observer> observers = {}) {
  std::vector<double> losses;
  observers.emplace_back([&](const train::Event& event) {
    if (event.kind == train::Event::Kind::step) losses.push_back(event.terms.front().second);
  });
  train::fit(training, observers);
  return losses;
}

double mean_of_ten(std::vector<double>::const_iterator from) {
  return std::accumulate(from, from + 10, 0.0) / 10;
}

TEST_P(ModelInTraining, LearnsAndResumesBitForBit) {
  const test::TemporaryFolder folder;
  train::Training whole(small_recipe());
  const auto losses = losses_of(whole, {[&](const train::Event& event) {
                                  if (event.kind == train::Event::Kind::step && event.training.step() == 30)
                                    event.training.save(folder / "state.safetensors");
                                }});
  EXPECT_LT(mean_of_ten(losses.end() - 10), mean_of_ten(losses.begin()))
      << "the loss falls over the first steps";

  train::Training resumed(small_recipe());
  resumed.load(folder / "state.safetensors");
  EXPECT_EQ(resumed.step(), 30);
  train::fit(resumed, {});
  const auto expected = train::state_of(whole.model());
  for (const auto& [name, tensor] : train::state_of(resumed.model()))
    EXPECT_TRUE(tensor.equal(expected.at(name))) << name;
}

TEST_P(ModelInTraining, LearnsInBf16WhatItLearnsInFp32) {
  const auto losses_in = [&](const char* precision) {
    train::Recipe recipe = small_recipe();
    recipe.set("fit.precision", precision);
    train::Training training(recipe);
    return losses_of(training);
  };
  const auto low = losses_in("bf16");
  const auto exact = losses_in("fp32");
  for (const double loss : low) EXPECT_TRUE(std::isfinite(loss)) << loss;
  const double last = mean_of_ten(low.end() - 10);
  EXPECT_LT(last, mean_of_ten(low.begin())) << "the loss falls over the first steps";
  const double expected = mean_of_ten(exact.end() - 10);
  EXPECT_NEAR(last, expected, 0.05 * std::abs(expected)) << "rounding changes little of what is learnt";
}

TEST_P(ModelInTraining, TrainsLayerByLayerWhenItSaysSo) {
  if (!entry().layerwise) return;
  train::Recipe recipe = small_recipe();
  if (recipe.model_settings().has("backbone.hidden")) recipe.set("backbone.hidden", "48,32");
  for (const auto& [path, text] :
       {std::pair{"fit.pretrain", "layerwise"}, {"fit.pretrain_steps", "80"}, {"fit.steps", "5"}})
    recipe.set(path, text);
  train::Training training(recipe);
  std::map<std::string, std::vector<double>> losses;  // of each stage
  train::fit(training, {[&](const train::Event& event) {
               if (event.kind == train::Event::Kind::step)
                 losses[event.stage.name()].push_back(event.terms.front().second);
             }});
  EXPECT_EQ(static_cast<int64_t>(losses.size()), training.stages().count());
  for (const auto& [stage, loss] : losses) {
    if (stage == "whole") continue;
    EXPECT_LT(mean_of_ten(loss.end() - 10), mean_of_ten(loss.begin())) << stage << " learns";
  }
}

INSTANTIATE_TEST_SUITE_P(Menu, ModelInTraining, testing::every_entry(), testing::name_of);

}  // namespace
}  // namespace isthmus
