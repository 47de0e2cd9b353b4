#include "isthmus/train/fit.hpp"

#include <filesystem>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "isthmus/train/observers.hpp"
#include "isthmus/train/run_directory.hpp"

#include "tests/support/errors.hpp"
#include "tests/support/small_recipe.hpp"
#include "tests/support/temporary_folder.hpp"

namespace isthmus::train {
namespace {

using test::small_recipe;

TEST(Fit, TellsItsObserversWhatHappensAndWhen) {
  Training training(small_recipe());
  std::vector<int64_t> steps;
  std::vector<int64_t> validations;
  std::vector<int64_t> checkpoints;
  fit(training, {[&](const Event& event) {
        const int64_t step = event.training.step();
        if (event.kind == Event::Kind::step) steps.push_back(step);
        if (event.kind == Event::Kind::validation) validations.push_back(step);
        if (event.kind == Event::Kind::checkpoint) checkpoints.push_back(step);
      }});
  EXPECT_EQ(steps.size(), 40U);
  EXPECT_EQ(steps.back(), 40);
  EXPECT_EQ(validations, (std::vector<int64_t>{20, 40}));
  EXPECT_EQ(checkpoints, (std::vector<int64_t>{15, 30, 40}));
}

TEST(Fit, StopsOnRequestWithItsStateSaved) {
  Training training(small_recipe());
  int64_t saved = 0;
  const auto observer = [&](const Event& event) {
    if (event.kind == Event::Kind::step && event.training.step() == 7) request_stop();
    if (event.kind == Event::Kind::checkpoint) saved = event.training.step();
  };
  EXPECT_THROW(fit(training, {observer}), Interrupted);
  EXPECT_EQ(saved, 7);
  fit(training, {observer});  // and goes on
  EXPECT_EQ(saved, 40);
}

TEST(Fit, ALossThatIsNotFiniteStopsItAndKeepsTheGoodCheckpoint) {
  const test::TemporaryFolder folder;
  const RunDirectory directory = RunDirectory::create(folder / "run", small_recipe(), false);
  Training training(small_recipe());
  const auto spoil = [](const Event& event) {
    if (event.kind != Event::Kind::step || event.training.step() != 17) return;
    const at::NoGradGuard no_grad;
    event.training.parameters().values().fill_(std::numeric_limits<float>::quiet_NaN());
  };
  const std::string message = test::message_of([&] { fit(training, {keep_checkpoints(directory), spoil}); });
  EXPECT_NE(message.find("nan in its term 'loss' at step 17"), std::string::npos) << message;
  EXPECT_NE(message.find("what was saved before is kept"), std::string::npos) << message;
  Training kept(small_recipe());
  kept.load(directory.state());
  EXPECT_EQ(kept.step(), 15);
  EXPECT_TRUE(kept.parameters().values().isfinite().all().item<bool>());
}

TEST(Fit, ParametersThatAreNotFiniteNeverReachACheckpoint) {
  Training training(small_recipe());
  bool saved = false;
  const auto observer = [&](const Event& event) {
    const at::NoGradGuard no_grad;
    if (event.kind == Event::Kind::step && event.training.step() == 15)
      event.training.parameters().values().fill_(std::numeric_limits<float>::infinity());
    saved = saved || event.kind == Event::Kind::checkpoint;
  };
  test::expect_error("expected finite parameters", [&] { fit(training, {observer}); });
  EXPECT_FALSE(saved);
}

TEST(Fit, EveryStepFormsItsGradientAnewWhateverStoodThere) {
  const auto gradient_after = [](float before) {
    Training training(small_recipe());
    const Batch batch =
        gather(*training.data().train, Binarise::none, std::vector<int64_t>{0, 1, 2}, Noise(1));
    training.parameters().gradients().fill_(before);
    take_step(training, batch);
    return training.parameters().gradients().clone();
  };
  const Tensor gradient = gradient_after(0);
  EXPECT_GT(gradient.abs().sum().item<float>(), 0);
  // Between parameters there is padding, which nobody writes.
  Training training(small_recipe());
  const Tensor parameters = training.parameters().gradients().zero_();
  for (const Tensor& parameter : training.parameters().each()) parameter.grad().fill_(1);
  EXPECT_TRUE((gradient_after(7) * parameters).equal(gradient * parameters));
}

/// The losses of a training of small_recipe(), with these settings too.
std::vector<double> losses_with(const std::vector<std::pair<std::string, std::string>>& words) {
  Recipe recipe = small_recipe();
  for (const auto& [path, text] : words) recipe.set(path, text);
  Training training(recipe);
  std::vector<double> losses;
  fit(training, {[&](const Event& event) {
        if (event.kind == Event::Kind::step) losses.push_back(event.terms.front().second);
      }});
  return losses;
}

TEST(Fit, InBf16LearnsWhatItLearnsInFp32) {
  for (const std::string kind : {"mlp", "conv"}) {
    const auto exact = losses_with({{"backbone.kind", kind}});
    const auto low = losses_with({{"backbone.kind", kind}, {"fit.precision", "bf16"}});
    ASSERT_EQ(low.size(), exact.size());
    EXPECT_NE(low, exact) << "rounding changes something";
    for (size_t i = 0; i < exact.size(); ++i) EXPECT_NEAR(low[i] / exact[i], 1, 0.05) << kind << " " << i;
  }
}

TEST(Fit, AFullDiskStopsItWithTheReason) {
  const test::TemporaryFolder folder;
  const RunDirectory directory = RunDirectory::create(folder / "run", small_recipe(), false);
  Training training(small_recipe());
  const test::FileSizeLimit full(1 << 12);
  test::expect_error("state.safetensors", [&] { fit(training, {keep_checkpoints(directory)}); });
}

}  // namespace
}  // namespace isthmus::train
