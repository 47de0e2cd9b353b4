#include <chrono>
#include <fstream>
#include <thread>

#include <gtest/gtest.h>

#include "tests/support/program.hpp"

namespace isthmus {
namespace {

using test::holds;
using test::Outcome;
using test::Process;
using test::run_program;
using test::small_training;
using test::TemporaryFolder;

std::string bytes(const std::filesystem::path& file) {
  return io::read_text(file);
}

void wait_for(Process& process, const std::filesystem::path& file) {
  for (int i = 0; i < 6000 && process.running() && !std::filesystem::exists(file); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
}

TEST(TrainCommand, LeavesEveryFileOfARun) {
  const TemporaryFolder folder;
  const Outcome outcome = run_program(small_training(folder / "run"));
  ASSERT_EQ(outcome.status, 0) << outcome.error;
  for (const char* file : {"recipe.toml", "model.safetensors", "state.safetensors", "metrics.jsonl",
                           "run.json", "evaluation.json", "report.html"})
    EXPECT_TRUE(std::filesystem::exists(folder / "run" / file)) << file;
  EXPECT_TRUE(holds(outcome.out, "nll")) << outcome.out;
  EXPECT_TRUE(holds(outcome.out, "report: ")) << outcome.out;
}

TEST(TrainCommand, ARunsOwnRecipeGivesTheSameRun) {
  const TemporaryFolder folder;
  ASSERT_EQ(run_program(small_training(folder / "first", {"--no-evaluation"})).status, 0);
  const Outcome again = run_program({"train", (folder / "first/recipe.toml").string(), "--out",
                                     (folder / "second").string(), "--quiet", "--no-evaluation"});
  ASSERT_EQ(again.status, 0) << again.error;
  EXPECT_EQ(bytes(folder / "first/model.safetensors"), bytes(folder / "second/model.safetensors"));
}

TEST(TrainCommand, TwoHundredStepsEqualOneHundredKilledAndResumed) {
  const TemporaryFolder folder;
  // Steps of some milliseconds, so that the kill lands between the checkpoint at 100 and the end.
  const std::vector<std::string> words{
      "--fit.steps", "200", "--fit.checkpoint_every", "100", "--backbone.hidden", "1000,1000",
      "--fit.batch", "100", "--no-evaluation"};
  ASSERT_EQ(run_program(small_training(folder / "whole", words)).status, 0);

  Process killed(small_training(folder / "killed", words));
  wait_for(killed, folder / "killed/state.safetensors");
  killed.send(SIGKILL);
  ASSERT_EQ(killed.wait().status, 128 + SIGKILL);

  const Outcome resumed =
      run_program({"train", "--resume", (folder / "killed").string(), "--quiet", "--no-evaluation"});
  ASSERT_EQ(resumed.status, 0) << resumed.error;
  EXPECT_EQ(bytes(folder / "whole/model.safetensors"), bytes(folder / "killed/model.safetensors"));
}

TEST(TrainCommand, CtrlCSavesTheStateAndSaysHowToGoOn) {
  const TemporaryFolder folder;
  Process process(small_training(folder / "run", {"--fit.steps", "1000000", "--fit.checkpoint_every", "0"}));
  wait_for(process, folder / "run/metrics.jsonl");
  process.send(SIGINT);
  const Outcome outcome = process.wait();
  EXPECT_EQ(outcome.status, 130);
  EXPECT_TRUE(holds(outcome.error, "isthmus train --resume " + (folder / "run").string())) << outcome.error;
  EXPECT_TRUE(std::filesystem::exists(folder / "run/state.safetensors"));
}

TEST(TrainCommand, WrongWordsExitWithTwoAndSayWhatWasMeant) {
  const TemporaryFolder folder;
  const auto refusal = [](const std::vector<std::string>& words) {
    const Outcome outcome = run_program(words);
    EXPECT_EQ(outcome.status, 2) << outcome.error;
    EXPECT_EQ(outcome.out, "");
    return outcome.error;
  };
  EXPECT_EQ(refusal({"trian"}), "[isthmus] expected a command, got 'trian'; try 'train'\n");
  EXPECT_EQ(refusal({"train", "vea", "sprites"}), "[isthmus] expected a model, got 'vea'; try 'vae'\n");
  EXPECT_EQ(refusal({"train", "vae", "sprite"}),
            "[isthmus] expected a data set, got 'sprite'; try 'sprites'\n");
  EXPECT_EQ(refusal({"train", "vae", "sprites", "--latnt", "3"}),
            "[train] expected an option, got '--latnt'; try --latent\n");
  EXPECT_EQ(refusal({"train", "vae", "sprites", "--latent", "-1"}),
            "[latent] expected an integer above 0, got '-1'\n");
  EXPECT_TRUE(holds(refusal({"train"}), "a model and a data set, or a recipe"));
  EXPECT_TRUE(holds(refusal({"train", "vae"}), "a model and a data set, or a recipe"));
  EXPECT_TRUE(holds(refusal({"train", "--resume", (folder / "none").string()}), "which does not exist"));
}

TEST(TrainCommand, WarnsOnceOfWhatIsDoubtful) {
  const TemporaryFolder folder;
  const auto said = [&](const char* model, std::vector<std::string> more) {
    std::vector<std::string> words{
        "train",       model,   "fashion_mnist",          "--data.limit",           "200",
        "--fit.steps", "1",     "--no-evaluation",        "--fit.checkpoint_every", "0",
        "--force",     "--out", (folder / "run").string()};
    words.insert(words.end(), more.begin(), more.end());
    const Outcome outcome = run_program(words);
    EXPECT_EQ(outcome.status, 0) << outcome.error;
    return outcome.error;
  };
  EXPECT_TRUE(holds(said("vae", {}), "--data.binarise dynamic")) << "grey pixels under a Bernoulli";
  EXPECT_FALSE(holds(said("vae", {"--likelihood", "gaussian"}), "warning"));
  EXPECT_TRUE(holds(said("beta_vae", {"--likelihood", "gaussian", "--capacity", "5"}), "--beta 1000"));
  const Outcome measured =
      run_program({"evaluate", (folder / "run").string(), "--metrics", "reconstruction"});
  EXPECT_FALSE(holds(measured.error, "--beta 1000")) << "that was the training's to say";
}

TEST(TrainCommand, WordsThatWouldDoNothingAreRefused) {
  const Outcome outcome = run_program({"train", "vae", "sprites", "extra"});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_TRUE(holds(outcome.error, "got 'extra' besides")) << outcome.error;
}

TEST(TrainCommand, ResumingKeepsTheRecipeTrueOfTheStepsDone) {
  const TemporaryFolder folder;
  const std::string run = (folder / "run").string();
  ASSERT_EQ(run_program(small_training(run, {"--no-evaluation"})).status, 0);
  const std::string recipe = bytes(folder / "run/recipe.toml");
  const auto refusal = [&](const std::vector<std::string>& more) {
    std::vector<std::string> words{"train", "--resume", run};
    words.insert(words.end(), more.begin(), more.end());
    const Outcome outcome = run_program(words);
    EXPECT_EQ(outcome.status, 2) << outcome.error;
    EXPECT_EQ(bytes(folder / "run/recipe.toml"), recipe);
    return outcome.error;
  };
  EXPECT_TRUE(holds(refusal({"--fit.steps", "10"}), "at least the 60 steps that are done"));
  EXPECT_TRUE(
      holds(refusal({"--fit.steps", "80", "--fit.learning_rate", "1e-4"}), "try '0:0.001, 60=0.0001'"));
  EXPECT_TRUE(holds(refusal({"--latent", "5"}), "got '--latent'; try a new training"));
  EXPECT_TRUE(holds(refusal({"--fit.pretrain", "layerwise"}), "got '--fit.pretrain'"));
  EXPECT_TRUE(holds(refusal({"--fit.pretrain_steps", "5"}), "got '--fit.pretrain_steps'"));
  EXPECT_TRUE(holds(refusal({"--force"}), "--resume DIR without"));
  const Outcome further = run_program({"train", "--resume", run, "--fit.steps", "80", "--fit.learning_rate",
                                       "0:0.001, 60=0.0001", "--quiet", "--no-evaluation"});
  EXPECT_EQ(further.status, 0) << further.error;
}

TEST(TrainCommand, OneFolderTakesOneTrainingAtATime) {
  const TemporaryFolder folder;
  std::vector<std::string> words =
      small_training(folder / "run", {"--no-evaluation", "--fit.steps", "1000000"});
  Process training(words);
  wait_for(training, folder / "run/state.safetensors");
  const std::string recipe = io::read_text(folder / "run/recipe.toml");
  words.insert(words.end(), {"--force", "--seed", "2"});
  for (const auto& other :
       {words, {"train", "--resume", (folder / "run").string(), "--fit.steps", "2000000"}}) {
    const Outcome second = run_program(other);
    EXPECT_EQ(second.status, 2);
    EXPECT_TRUE(holds(second.error, "in which a training is under way")) << second.error;
  }
  EXPECT_EQ(io::read_text(folder / "run/recipe.toml"), recipe);
  EXPECT_TRUE(training.running());
  training.send(SIGTERM);
  training.wait();
}

TEST(TrainCommand, ResumingSaysWhatMayNotChange) {
  const Outcome outcome = run_program({"train", "--resume", "runs/nowhere", "--latent", "7"});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_TRUE(holds(outcome.error, "a setting that may change while a run goes on (--fit.steps"))
      << outcome.error;
  EXPECT_TRUE(holds(outcome.error, "got '--latent'")) << outcome.error;
}

TEST(TrainCommand, RefusesMoreThreadsThanAnySystemGives) {
  const TemporaryFolder folder;
  const Outcome outcome = run_program(small_training(folder / "run", {"--threads", "100000"}));
  EXPECT_EQ(outcome.status, 2);
  EXPECT_TRUE(holds(outcome.error, "[--threads] expected at most 1024, got 100000")) << outcome.error;
}

TEST(TrainCommand, ARunIsNotOverwritten) {
  const TemporaryFolder folder;
  ASSERT_EQ(run_program(small_training(folder / "run", {"--no-evaluation"})).status, 0);
  const Outcome again = run_program(small_training(folder / "run", {"--no-evaluation"}));
  EXPECT_EQ(again.status, 2);
  EXPECT_TRUE(holds(again.error, "--force to replace it")) << again.error;
  EXPECT_EQ(run_program(small_training(folder / "run", {"--no-evaluation", "--force"})).status, 0);
}

TEST(TrainCommand, HelpShowsEverySetting) {
  const Outcome outcome = run_program({"train", "vae", "sprites", "--help"});
  EXPECT_EQ(outcome.status, 0);
  for (const char* word :
       {"--latent", "--backbone.hidden", "--fit.learning_rate", "--data.binarise", "--seed", "--out"})
    EXPECT_TRUE(holds(outcome.out, word)) << word;
}

TEST(Program, WithoutWordsShowsWhatThereIs) {
  const Outcome outcome = run_program({});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_TRUE(holds(outcome.out, "train"));
  EXPECT_EQ(run_program({"--help"}).status, 0);
}

}  // namespace
}  // namespace isthmus
