#pragma once

#include <filesystem>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "isthmus/core/text.hpp"
#include "isthmus/program/terminal.hpp"
#include "isthmus/program/trained.hpp"
#include "isthmus/program/words.hpp"

namespace isthmus::commands::evaluate {

inline constexpr std::string_view summary =
    "measure a trained model, and keep the figures in evaluation.json";

inline int run(std::span<const std::string> given) {
  program::RunWords run;
  std::string wanted;
  std::string split = "test";
  std::string threads = "0";
  bool as_json = false;
  bool quick = false;
  bool quiet = false;
  std::vector<std::pair<std::string, std::string>> changes;

  program::Words words("evaluate", summary);
  run.add_to(words);
  words.option("--metrics", wanted, "NAME,NAME,...", "which ones; without it, every one that applies");
  words.option("--split", split, "train|validation|test", "which examples [test]");
  words.option("--threads", threads, "INT", "processor cores to use; 0 takes all [0]");
  words.flag("--quick", quick, "a first look: fewer draws and examples");
  words.flag("--json", as_json, "machine-readable output");
  words.flag("--quiet", quiet, "no progress");
  for (const MetricEntry* metric : metrics::menu())
    words.settings(fmt::format("{}: {}", metric->name, metric->summary), metric->defaults.list(),
                   [&](std::string_view path, std::string_view text) { changes.emplace_back(path, text); });
  words.examples(
      "Examples:\n"
      "  isthmus evaluate runs/first\n"
      "  isthmus evaluate runs/first --metrics nll,active_units --nll.draws 1000 --nll.images 2000\n");
  if (!words.parse(given)) return 0;
  program::set_quiet(quiet);

  program::MetricSettings settings(quick);
  for (const auto& [path, text] : changes) settings.set(path, text);
  const auto which = static_cast<Split>(parse_choice("split", split, enum_names<Split>()));
  int64_t cores = 0;
  parse("threads", threads, non_negative, cores);
  program::use_threads(cores);
  const isthmus::train::Run opened = run.open();
  const program::Evaluation evaluation = program::measure_run(opened, which, split_list(wanted), settings);
  fmt::print("{}", as_json ? program::to_json(evaluation).dump(2) + "\n" : program::table(evaluation));
  program::keep(opened, evaluation);  // only now: figures that cannot be written are seen all the same
  if (!as_json && std::filesystem::exists(opened.directory.report()))
    fmt::print("isthmus report {} brings the run's page up to date\n", opened.directory.path().string());
  return 0;
}

}  // namespace isthmus::commands::evaluate
