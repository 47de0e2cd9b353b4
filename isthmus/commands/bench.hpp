#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "isthmus/program/named_recipe.hpp"
#include "isthmus/program/terminal.hpp"
#include "isthmus/program/trained.hpp"
#include "isthmus/program/words.hpp"
#include "isthmus/train/measure_step.hpp"

namespace isthmus::commands::bench {

using isthmus::train::StepTimes;

inline constexpr std::string_view summary = "time the training steps of a job, and say where the time goes";

inline nlohmann::ordered_json to_json(const StepTimes& times) {
  return {{"milliseconds_per_step", times.median},
          {"minimum", times.minimum},
          {"parts",
           {{"data", times.data},
            {"forward", times.forward},
            {"backward", times.backward},
            {"optimiser", times.optimiser}}},
          {"bound", times.bound},
          {"share_of_bound", times.share_of_bound()},
          {"steps", times.steps},
          {"loss", times.loss}};
}

inline std::string to_text(const StepTimes& times) {
  const auto line = [&](std::string_view name, double milliseconds, std::string_view what) {
    return fmt::format("  {:<11}{:>9.3f} ms {:>5.0f} %   {}\n", name, milliseconds,
                       100 * milliseconds / times.median, what);
  };
  return line("step", times.median,
              fmt::format("median of {}; the quickest took {:.3f} ms", times.steps, times.minimum)) +
         line("data", times.data, "making the batch, or waiting for it") +
         line("forward", times.forward, "the loss") + line("backward", times.backward, "its gradient") +
         line("optimiser", times.optimiser, "the update") +
         line("bound", times.bound, "the step's matrix products and convolutions alone");
}

inline int run(std::span<const std::string> given) {
  std::vector<std::string> named_words;
  std::string steps = "200";
  std::string warm_up = "20";
  bool as_json = false;
  bool quiet = false;
  program::Words words("bench", summary);
  words.positionals("MODEL DATASET | RECIPE.toml", named_words,
                    "a model (isthmus models) and a data set (isthmus datasets), or a recipe");
  words.option("--steps", steps, "INT", "steps to time [200]");
  words.option("--warm_up", warm_up, "INT", "steps before them, not timed [20]");
  words.flag("--json", as_json, "machine-readable output");
  words.flag("--quiet", quiet, "no progress");
  words.examples(
      "Examples:\n"
      "  isthmus bench vae fashion_mnist --backbone.hidden 400 --latent 20 --fit.batch 128\n"
      "  isthmus bench recipes/vae_fashion_mnist.toml --json\n\n"
      "Nothing is kept. Time on a machine that does nothing else.\n");
  std::optional<isthmus::train::Recipe> recipe = program::named_recipe(given);
  std::vector<std::pair<std::string, std::string>> changes;
  if (recipe)
    for (const auto& group : recipe->groups())
      words.settings(group.title, group.settings,
                     [&](std::string_view path, std::string_view text) { changes.emplace_back(path, text); });
  if (!words.parse(given)) return 0;
  program::check_named("bench", named_words, recipe.has_value());
  program::set_quiet(quiet || as_json);
  int64_t timed = 0;
  int64_t untimed = 0;
  parse("steps", steps, positive, timed);
  parse("warm_up", warm_up, non_negative, untimed);
  for (const auto& [path, text] : changes) recipe->set(path, text);
  program::use_threads(recipe->run().threads);
  isthmus::train::Training training(*recipe);
  const auto progress = program::measuring_progress("bench");
  const StepTimes times = isthmus::train::measure_step(training, timed, untimed, 20,
                                                       [&](int64_t done) { progress(done, timed, "steps"); });
  fmt::print("{}", as_json ? to_json(times).dump(2) + "\n" : to_text(times));
  return 0;
}

}  // namespace isthmus::commands::bench
