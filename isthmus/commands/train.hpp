#pragma once

#include <algorithm>
#include <filesystem>
#include <memory>
#include <set>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "isthmus/io/atomic_file.hpp"
#include "isthmus/program/named_recipe.hpp"
#include "isthmus/program/terminal.hpp"
#include "isthmus/program/trained.hpp"
#include "isthmus/program/words.hpp"

namespace isthmus::commands::train {

using isthmus::train::FitConfig;
using isthmus::train::Recipe;
using isthmus::train::RunDirectory;
using isthmus::train::Training;

inline constexpr std::string_view summary =
    "train a model on a data set, or by a recipe; go on with a stopped run";

inline constexpr std::string_view examples =
    "Examples:\n"
    "  isthmus train vae sprites\n"
    "  isthmus train vae fashion_mnist --data.binarise dynamic --latent 20 --out runs/first\n"
    "  isthmus train recipes/vae_fashion_mnist.toml --fit.steps 2000 --out runs/quick\n"
    "  isthmus train --resume runs/first --fit.steps 40000\n"
    "  isthmus train vae sprites --help      every setting of that model\n";

struct Choice {
  std::vector<std::string> words;
  std::string out;
  std::string resume;
  bool force = false;
  bool quiet = false;
  bool skip_evaluation = false;
};

inline std::string default_folder(const Choice& choice, const Recipe& recipe) {
  if (!choice.out.empty()) return choice.out;
  if (program::is_recipe(choice.words.front())) {
    // A run's own recipe.toml says nothing of what it is.
    const std::filesystem::path file(choice.words.front());
    if (file.filename() != "recipe.toml") return "runs/" + file.stem().string();
  }
  return fmt::format("runs/{}_{}", recipe.model().name, recipe.dataset().name);
}

inline void finish(const RunDirectory& directory, bool evaluate) {
  const isthmus::train::Run run = isthmus::train::open_run(directory.path());
  if (evaluate) {
    const program::Evaluation evaluation =
        program::evaluate_run(run, Split::test, {}, program::MetricSettings(/*quick=*/true));
    fmt::print("\nA quick look (isthmus evaluate {} measures in full):\n{}", directory.path().string(),
               program::table(evaluation));
  }
  fmt::print("report: {}\n", program::write_report(run).string());
}

/// What may change when a run goes on: nothing that would make its recipe untrue of the steps already done.
inline std::vector<Recipe::Group> resumable() {
  Recipe::Group group{"what may change", {}};
  const auto add = [&](const Settings& all, const std::set<std::string_view>& paths) {
    for (const Setting& setting : all.list())
      if (paths.contains(setting.path)) group.settings.push_back(setting);
  };
  add(Settings(FitConfig{}, "fit"),
      {"fit.steps", "fit.learning_rate", "fit.log_every", "fit.evaluate_every", "fit.checkpoint_every"});
  add(Settings(isthmus::train::RunConfig{}), {"threads"});
  add(Settings(DataConfig{}, "data"), {"data.path"});
  for (Setting& setting : group.settings) setting.value.clear();  // the run's own, not the default
  return {group};
}

/// Throws UsageError for a setting of trainings that a run keeps from its first step.
inline void check_changes(std::span<const std::string> given) {
  std::vector<std::string> free;
  for (const Recipe::Group& group : resumable())
    for (const Setting& setting : group.settings) free.push_back("--" + setting.path);
  std::set<std::string> fixed;
  for (const ModelEntry* model : models::menu())
    for (const Recipe::Group& group : Recipe(model->name, "sprites").groups())
      for (const Setting& setting : group.settings) fixed.insert("--" + setting.path);
  for (const std::string& word : given) {
    const std::string name = word.substr(0, word.find('='));
    if (fixed.contains(name) && std::ranges::find(free, name) == free.end())
      throw UsageError({.who = "train",
                        .expected = fmt::format("a setting that may change while a run goes on ({})",
                                                fmt::join(free, ", ")),
                        .got = fmt::format("'{}'", name),
                        .hint = "a new training with another --out"});
  }
}

inline void check_words(const Choice& choice, bool named) {
  if (!choice.resume.empty()) {
    if (choice.words.empty() && choice.out.empty() && !choice.force) return;
    throw UsageError({.who = "train",
                      .expected = "--resume DIR without a model, a recipe, --out or --force",
                      .got = "both",
                      .hint = fmt::format("isthmus train --resume {}", choice.resume)});
  }
  program::check_named("train", choice.words, named);
}

/// Throws unless the run, gone on with, would be the run that its recipe describes from the first step.
inline void check_resumable(const FitConfig& before, const Training& training) {
  const FitConfig& now = training.config();
  const isthmus::train::Stage whole = training.stages().whole();
  if (whole.end() < training.step())
    throw UsageError(
        {.who = "fit.steps",
         .expected = fmt::format("at least the {} steps that are done", training.step() - whole.first),
         .got = fmt::format("{}", whole.length)});
  const int64_t seen = training.stages().seen(training.step());
  for (int64_t step = 0; step < seen; ++step)
    if (now.learning_rate.at(step) != before.learning_rate.at(step))
      throw UsageError(
          {.who = "fit.learning_rate",
           .expected = fmt::format("a schedule that agrees with '{}' for the {} steps that are done",
                                   before.learning_rate.text(), seen),
           .got = fmt::format("'{}'", now.learning_rate.text()),
           .hint = fmt::format("'0:{}, {}={}'", before.learning_rate.at(0), seen, now.learning_rate.at(0))});
}

inline int run(std::span<const std::string> given) {
  Choice choice;
  program::Words words("train", summary);
  words.positionals("MODEL DATASET | RECIPE.toml", choice.words,
                    "a model (isthmus models) and a data set (isthmus datasets), or a recipe");
  words.option("--out", choice.out, "DIR", "folder of the run [runs/MODEL_DATASET]");
  words.option("--resume", choice.resume, "DIR",
               "go on with a stopped run; some settings may change (isthmus train --resume DIR --help)");
  words.flag("--force", choice.force, "replace an earlier run in the same folder");
  words.flag("--quiet", choice.quiet, "no progress");
  words.flag("--no-evaluation", choice.skip_evaluation, "skip the measuring after the training");
  words.examples(std::string(examples));

  const bool resume =
      std::ranges::any_of(given, [](const std::string& word) { return word.starts_with("--resume"); });
  const std::optional<Recipe> named = resume ? std::nullopt : program::named_recipe(given);
  std::vector<std::pair<std::string, std::string>> changes;
  const auto change = [&](std::string_view path, std::string_view text) { changes.emplace_back(path, text); };
  for (const Recipe::Group& group : resume  ? resumable()
                                    : named ? named->groups()
                                            : std::vector<Recipe::Group>{})
    words.settings(group.title, group.settings, change);
  if (resume) check_changes(given);
  if (!words.parse(given)) return 0;
  program::set_quiet(choice.quiet);
  check_words(choice, named.has_value());

  Recipe recipe = resume ? Recipe::read(RunDirectory::open(choice.resume).recipe()) : *named;
  const FitConfig before = recipe.fit();
  for (const auto& [path, text] : changes) recipe.set(path, text);
  // Absolute, for the run is opened from other folders too.
  if (const std::filesystem::path data = recipe.data().path; !data.empty())
    recipe.set("data.path", std::filesystem::absolute(data).lexically_normal().string());
  program::use_threads(recipe.run().threads);
  std::unique_ptr<io::FolderLock> lock;
  if (resume) {
    const RunDirectory folder = RunDirectory::open(choice.resume);
    lock = folder.lock();
    isthmus::train::check_data(folder, recipe);
  }
  const RunDirectory directory = [&] {
    Training training(recipe);
    const auto folder = resume ? RunDirectory::open(choice.resume)
                               : RunDirectory::create(default_folder(choice, recipe), recipe, choice.force);
    if (!resume) lock = folder.lock();
    if (resume) {
      isthmus::train::check_data(folder, training.data());
      if (std::filesystem::exists(folder.state())) training.load(folder.state());
      check_resumable(before, training);
      io::write_whole(folder.recipe(), recipe.toml());
    }
    program::fit_in(folder, training);
    return folder;  // the training's memory goes before the measuring starts
  }();
  finish(directory, !choice.skip_evaluation);
  return 0;
}

}  // namespace isthmus::commands::train
