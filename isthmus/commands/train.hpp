#pragma once

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "isthmus/io/atomic_file.hpp"
#include "isthmus/program/terminal.hpp"
#include "isthmus/program/trained.hpp"
#include "isthmus/program/words.hpp"

namespace isthmus::commands::train {

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

inline bool is_recipe(std::string_view word) {
  return word.ends_with(".toml");
}

/// The recipe that the words name, before any setting is changed: which settings exist depends on it.
inline std::optional<Recipe> named_recipe(std::span<const std::string> words) {
  for (size_t i = 0; i < words.size(); ++i) {
    const bool value = i > 0 && words[i - 1].starts_with("--") && words[i - 1].find('=') == std::string::npos;
    if (words[i].starts_with("-") ||
        (value && !is_recipe(words[i]) && models::menu().look_up(words[i]) == nullptr))
      continue;
    if (is_recipe(words[i])) return Recipe::read(words[i]);
    models::menu().find(words[i]);  // says which model was meant
    if (i + 1 == words.size() || words[i + 1].starts_with("-")) return std::nullopt;
    return Recipe(words[i], words[i + 1]);
  }
  return std::nullopt;
}

inline std::string default_folder(const Choice& choice, const Recipe& recipe) {
  if (!choice.out.empty()) return choice.out;
  if (is_recipe(choice.words.front()))
    return "runs/" + std::filesystem::path(choice.words.front()).stem().string();
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

inline int run(std::span<const std::string> given) {
  Choice choice;
  program::Words words("train", summary);
  words.positionals("MODEL DATASET | RECIPE.toml", choice.words,
                    "a model (isthmus models) and a data set (isthmus datasets), or a recipe");
  words.option("--out", choice.out, "DIR", "folder of the run [runs/MODEL_DATASET]");
  words.option("--resume", choice.resume, "DIR", "go on with this run; --fit.* may change");
  words.flag("--force", choice.force, "replace an earlier run in the same folder");
  words.flag("--quiet", choice.quiet, "no progress");
  words.flag("--no-evaluation", choice.skip_evaluation, "skip the measuring after the training");
  words.examples(std::string(examples));

  const auto resume =
      std::find_if(given.begin(), given.end(), [](auto& word) { return word.starts_with("--resume"); });
  std::optional<Recipe> recipe;
  std::vector<std::pair<std::string, std::string>> changes;
  const auto change = [&](std::string_view path, std::string_view text) { changes.emplace_back(path, text); };
  if (resume != given.end()) {
    for (const Recipe::Group& group : Recipe(*models::menu().names().begin(), "sprites").groups())
      if (group.title.starts_with("fit")) words.settings(group.title, group.settings, change);
  } else {
    recipe = named_recipe(given);
    if (recipe)
      for (const Recipe::Group& group : recipe->groups()) words.settings(group.title, group.settings, change);
  }
  if (!words.parse(given)) return 0;
  program::set_quiet(choice.quiet);

  if (!choice.resume.empty()) {
    const RunDirectory directory = RunDirectory::open(choice.resume);
    recipe = Recipe::read(directory.recipe());
    for (const auto& [path, text] : changes) recipe->set(path, text);
    program::use_threads(recipe->run().threads);
    Training training(*recipe);
    if (std::filesystem::exists(directory.state())) training.load(directory.state());
    io::write_whole(directory.recipe(), recipe->toml());
    program::fit_in(directory, training);
    finish(directory, !choice.skip_evaluation);
    return 0;
  }
  if (choice.words.empty() || !recipe)
    throw UsageError(
        {.who = "train",
         .expected = "a model and a data set, or a recipe",
         .got = choice.words.empty() ? "neither" : fmt::format("'{}' alone", choice.words.front()),
         .hint = "isthmus train vae sprites"});
  for (const auto& [path, text] : changes) recipe->set(path, text);
  program::use_threads(recipe->run().threads);
  Training training(*recipe);
  const RunDirectory directory = RunDirectory::create(default_folder(choice, *recipe), *recipe, choice.force);
  program::fit_in(directory, training);
  finish(directory, !choice.skip_evaluation);
  return 0;
}

}  // namespace isthmus::commands::train
