#include "isthmus/train/fit.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include "isthmus/io/input.hpp"
#include "isthmus/io/safetensors.hpp"
#include "isthmus/train/observers.hpp"
#include "isthmus/train/run_directory.hpp"

#include "tests/support/errors.hpp"
#include "tests/support/temporary_folder.hpp"

namespace isthmus::train {
namespace {

Recipe small() {
  Recipe recipe("vae", "sprites");
  for (const auto& [path, text] : {std::pair{"data.size", "32"},
                                   {"data.limit", "300"},
                                   {"backbone.hidden", "32"},
                                   {"latent", "4"},
                                   {"fit.batch", "20"},
                                   {"fit.steps", "40"},
                                   {"fit.log_every", "10"},
                                   {"fit.evaluate_every", "20"},
                                   {"fit.checkpoint_every", "15"}})
    recipe.set(path, text);
  return recipe;
}

TEST(Fit, TellsItsObserversWhatHappensAndWhen) {
  Training training(small());
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

TEST(Fit, WarnsOfGreyPixelsUnderABernoulli) {
  const auto said = [](const char* dataset, const char* likelihood) {
    std::ostringstream text;
    const auto before = spdlog::default_logger();
    spdlog::set_default_logger(
        std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_mt>(text)));
    Recipe recipe("vae", dataset);
    recipe.set("likelihood", likelihood);
    recipe.set("data.limit", "200");
    recipe.set("fit.steps", "1");
    Training training(recipe);
    fit(training, {});
    spdlog::set_default_logger(before);
    return text.str();
  };
  EXPECT_NE(said("fashion_mnist", "bernoulli").find("--data.binarise dynamic"), std::string::npos);
  EXPECT_EQ(said("fashion_mnist", "gaussian"), "");
  EXPECT_EQ(said("sprites", "bernoulli"), "");
}

TEST(Fit, EpochsSetTheSteps) {
  Recipe recipe = small();
  recipe.set("fit.epochs", "3");
  recipe.set("data.validation", "0");
  EXPECT_EQ(Training(recipe).steps(), 3 * (300 / 20));
}

TEST(Fit, StopsOnRequestWithItsStateSaved) {
  Training training(small());
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
  const RunDirectory directory = RunDirectory::create(folder / "run", small(), false);
  Training training(small());
  const auto spoil = [](const Event& event) {
    if (event.kind != Event::Kind::step || event.training.step() != 17) return;
    const at::NoGradGuard no_grad;
    event.training.parameters().values().fill_(std::numeric_limits<float>::quiet_NaN());
  };
  const std::string message = test::message_of([&] { fit(training, {keep_checkpoints(directory), spoil}); });
  EXPECT_NE(message.find("nan in its term 'loss' at step 17"), std::string::npos) << message;
  EXPECT_NE(message.find("the last good checkpoint is kept"), std::string::npos) << message;
  Training kept(small());
  kept.load(directory.state());
  EXPECT_EQ(kept.step(), 15);
  EXPECT_TRUE(kept.parameters().values().isfinite().all().item<bool>());
}

TEST(Fit, ParametersThatAreNotFiniteNeverReachACheckpoint) {
  Training training(small());
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
    Training training(small());
    const Batch batch =
        gather(*training.data().train, Binarise::none, std::vector<int64_t>{0, 1, 2}, Noise(1));
    training.parameters().gradients().fill_(before);
    take_step(training, batch);
    return training.parameters().gradients().clone();
  };
  const Tensor gradient = gradient_after(0);
  EXPECT_GT(gradient.abs().sum().item<float>(), 0);
  // Between parameters there is padding, which nobody writes.
  Training training(small());
  const Tensor parameters = training.parameters().gradients().zero_();
  for (const Tensor& parameter : training.parameters().each()) parameter.grad().fill_(1);
  EXPECT_TRUE((gradient_after(7) * parameters).equal(gradient * parameters));
}

TEST(Fit, AGradientThatIsNotFiniteIsNoStep) {
  for (const double clip : {0.0, 1.0}) {
    Recipe recipe = small();
    recipe.set("fit.clip", std::to_string(clip));
    Training training(recipe);
    training.parameters().gradients().fill_(1e30F);  // finite, but its square is not
    test::expect_error("expected a finite gradient", [&] { training.advance({}); });
    EXPECT_EQ(training.step(), 0);
  }
}

TEST(Fit, AGradientThatIsNotFiniteIsNeverSaved) {
  const test::TemporaryFolder folder;
  Training training(small());
  training.save(folder / "good.safetensors");
  training.parameters().gradients().fill_(1e30F);
  test::expect_error("expected a finite gradient", [&] { training.advance({}); });
  test::expect_error("expected a finite gradient", [&] { training.save(folder / "bad.safetensors"); });
  test::expect_error("expected a finite gradient", [&] { training.advance({}); });
  EXPECT_FALSE(std::filesystem::exists(folder / "bad.safetensors"));
  training.load(folder / "good.safetensors");
  training.save(folder / "again.safetensors");
}

/// The losses of a training of `small`, with these settings too.
std::vector<double> losses_with(const std::vector<std::pair<std::string, std::string>>& words) {
  Recipe recipe = small();
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

TEST(Fit, InBf16TheRoundedParametersFollowTheOthersThroughACheckpoint) {
  const test::TemporaryFolder folder;
  Recipe recipe = small();
  recipe.set("fit.precision", "bf16");
  Training training(recipe);
  const auto in_step = [](const Training& t) {
    return t.parameters().shadow().rounded.equal(t.parameters().values().to(at::kBFloat16));
  };
  EXPECT_TRUE(in_step(training));
  fit(training, {});
  EXPECT_TRUE(in_step(training));
  training.save(folder / "state.safetensors");
  Training resumed(recipe);
  resumed.load(folder / "state.safetensors");
  EXPECT_TRUE(in_step(resumed));
  EXPECT_TRUE(resumed.parameters().values().equal(training.parameters().values()));
}

TEST(Fit, ABatchLargerThanTheDataIsRefused) {
  Recipe recipe = small();
  recipe.set("fit.batch", "1000");
  test::expect_error("[fit.batch] expected at most the", [&] { Training refused(recipe); });
}

TEST(Fit, AFullDiskStopsItWithTheReason) {
  const test::TemporaryFolder folder;
  const RunDirectory directory = RunDirectory::create(folder / "run", small(), false);
  Training training(small());
  const test::FileSizeLimit full(1 << 12);
  test::expect_error("state.safetensors", [&] { fit(training, {keep_checkpoints(directory)}); });
}

TEST(Fit, ClippingBoundsTheStep) {
  // Adam forgets the gradient's scale, so the first moment shows what it was given.
  const auto first_moment = [](const char* clip) {
    const test::TemporaryFolder folder;
    Recipe recipe = small();
    recipe.set("fit.clip", clip);
    recipe.set("fit.steps", "1");
    Training training(recipe);
    fit(training, {});
    training.save(folder / "state.safetensors");
    return io::Safetensors(folder / "state.safetensors").read("optimiser.first_moment");
  };
  const auto norm = [](const io::Array& array) {
    double sum = 0;
    for (const float each : array.as<float>()) sum += static_cast<double>(each) * each;
    return std::sqrt(sum);
  };
  EXPECT_NEAR(norm(first_moment("0.01")), 0.1 * 0.01, 1e-6);
  EXPECT_GT(norm(first_moment("0")), 0.1);
}

TEST(Fit, LogsEveryTenStepsAndForgetsThoseOfAKilledRun) {
  const test::TemporaryFolder folder;
  const RunDirectory directory = RunDirectory::create(folder / "run", small(), false);
  Training training(small());
  fit(training, {keep_checkpoints(directory), log_metrics(directory, 0)});
  const auto lines = [&] {
    const std::string text = io::read_text(directory.metrics());
    return std::count(text.begin(), text.end(), '\n');
  };
  EXPECT_EQ(lines(), 4 + 2);  // four of training, two of validation
  log_metrics(directory, 15);
  EXPECT_EQ(lines(), 1);
}

TEST(RunDirectory, RefusesAFolderInUse) {
  const test::TemporaryFolder folder;
  const auto make = [&](bool force) { RunDirectory::create(folder / "run", small(), force); };
  make(false);
  test::expect_error("which holds a run; try --resume", [&] { make(false); });
  std::ofstream(folder / "run/notes.txt") << "mine";
  make(true);
  EXPECT_TRUE(std::filesystem::exists(folder / "run/notes.txt")) << "only a run's own files are replaced";
  std::filesystem::create_directories(folder / "other");
  std::ofstream(folder / "other/notes.txt") << "mine";
  test::expect_error("which holds other things",
                     [&] { RunDirectory::create(folder / "other", small(), true); });
}

TEST(RunDirectory, AnUnwritablePathIsNamed) {
  const test::TemporaryFolder folder;
  std::ofstream(folder / "file") << "not a folder";
  test::expect_error("to make the folder",
                     [&] { RunDirectory::create(folder / "file/run", small(), false); });
}

TEST(RunDirectory, AFolderWithoutARunIsNamed) {
  const test::TemporaryFolder folder;
  test::expect_error("which does not exist", [&] { open_run(folder / "nowhere"); });
  RunDirectory::create(folder / "fresh", small(), false);
  test::expect_error("got none yet; try isthmus train --resume", [&] { open_run(folder / "fresh"); });
}

}  // namespace
}  // namespace isthmus::train
