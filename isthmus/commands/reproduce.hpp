#pragma once

#include <cmath>
#include <filesystem>
#include <map>
#include <tuple>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "isthmus/core/error.hpp"
#include "isthmus/program/terminal.hpp"
#include "isthmus/program/trained.hpp"
#include "isthmus/program/words.hpp"

namespace isthmus::commands::reproduce {

using isthmus::train::Expectation;
using isthmus::train::Recipe;

inline constexpr std::string_view summary =
    "train recipes, measure, and hold the figures against what they expect";

/// One expected number, and what each seed gave.
struct Row {
  Expectation expected;
  std::vector<double> measured;
  std::optional<double> standard_error;  // of the last seed's figure

  double mean() const {
    double sum = 0;
    for (const double each : measured) sum += each;
    return sum / static_cast<double>(measured.size());
  }
  double deviation() const {
    double sum = 0;
    for (const double each : measured) sum += (each - mean()) * (each - mean());
    return measured.size() > 1 ? std::sqrt(sum / static_cast<double>(measured.size() - 1)) : 0;
  }
  bool met() const { return expected.met(mean()); }
};

/// "nll" is the metric's value, "nll.effective_sample_size" a further figure of it.
inline double figure_of(const Measurement& measured, const std::string& name) {
  const size_t dot = name.find('.');
  if (dot == std::string::npos) return measured.value;
  std::vector<std::string> known;
  for (const auto& [extra, value] : measured.more) {
    if (extra == name.substr(dot + 1)) return value;
    known.push_back(extra);
  }
  throw unknown_name("expect", "figure of " + name.substr(0, dot), name.substr(dot + 1), known);
}

/// Trains one seed (or goes on where an earlier call stopped) and returns its run.
inline isthmus::train::Run trained(Recipe recipe, int64_t seed, const std::filesystem::path& folder) {
  recipe.set("seed", to_text(seed));
  program::use_threads(recipe.run().threads);
  isthmus::train::Training training(recipe);
  const bool begun = std::filesystem::exists(folder / "recipe.toml");
  if (begun && Recipe::read(folder / "recipe.toml").toml() != recipe.toml())
    throw UsageError({.who = "reproduce",
                      .expected = fmt::format("a run of this very recipe in '{}'", folder.string()),
                      .got = "one with other settings",
                      .hint = "another --out, or remove that folder"});
  const auto directory = begun ? isthmus::train::RunDirectory::open(folder)
                               : isthmus::train::RunDirectory::create(folder, recipe, false);
  const auto lock = directory.lock();
  if (std::filesystem::exists(directory.state())) training.load(directory.state());
  if (training.step() < training.steps()) program::fit_in(directory, training);
  return isthmus::train::open_run(folder);
}

/// How an expected figure is measured. Throws UsageError for a metric or a setting that there is not.
inline program::MetricSettings settings_of(const Expectation& expected) {
  const std::string metric = expected.metric.substr(0, expected.metric.find('.'));
  metrics::menu().find(metric);
  program::MetricSettings settings;
  for (const auto& [path, text] : expected.settings) settings.set(fmt::format("{}.{}", metric, path), text);
  return settings;
}

inline void measure(const isthmus::train::Run& run, std::vector<Row>& rows) {
  using Work = std::tuple<std::string, Split, std::vector<std::pair<std::string, std::string>>>;
  std::map<Work, Measurement> done;  // figures of one metric share its measuring
  for (Row& row : rows) {
    const std::string metric = row.expected.metric.substr(0, row.expected.metric.find('.'));
    const Work work{metric, row.expected.split, row.expected.settings};
    if (!done.contains(work)) {
      const program::MetricSettings settings = settings_of(row.expected);
      done.emplace(work,
                   program::evaluate_run(run, row.expected.split, {metric}, settings).metrics.front().second);
    }
    const Measurement& measured = done.at(work);
    row.measured.push_back(figure_of(measured, row.expected.metric));
    if (row.expected.metric == metric) row.standard_error = measured.standard_error;
  }
}

inline nlohmann::ordered_json to_json(const std::string& recipe, const std::vector<Row>& rows) {
  nlohmann::ordered_json json{{"recipe", recipe}, {"expect", nlohmann::ordered_json::array()}};
  for (const Row& row : rows) {
    nlohmann::ordered_json line{{"metric", row.expected.metric},
                                {"split", enum_name(row.expected.split)},
                                {"expected", row.expected.text()},
                                {"measured", row.measured},
                                {"mean", row.mean()},
                                {"pass", row.met()},
                                {"source", row.expected.source}};
    if (row.measured.size() > 1) line["standard_deviation"] = row.deviation();
    if (row.standard_error) line["standard_error"] = *row.standard_error;
    json["expect"].push_back(std::move(line));
  }
  return json;
}

inline void print(const std::string& recipe, const std::vector<Row>& rows) {
  fmt::print("{}\n", recipe);
  for (const Row& row : rows) {
    const std::string spread =
        row.measured.size() > 1
            ? fmt::format(" ± {} (sd of {} seeds)", program::figure(row.deviation()), row.measured.size())
        : row.standard_error ? fmt::format(" ± {} (se)", program::figure(*row.standard_error))
                             : "";
    fmt::print("  {:<5} {:<16} {:<6} {}{}, expected {}\n", row.met() ? "pass" : "MISS", row.expected.metric,
               enum_name(row.expected.split), program::figure(row.mean()), spread, row.expected.text());
  }
}

inline int run(std::span<const std::string> given) {
  std::vector<std::string> recipes;
  std::string seeds = "1";
  std::string out = "runs";
  bool as_json = false;
  bool quiet = false;
  program::Words words("reproduce", summary);
  words.positionals("RECIPE.toml", recipes, "one or more recipes with [expect.METRIC] tables");
  words.option("--seeds", seeds, "INT",
               "so many trainings of each, with seeds from the recipe's upwards [1]");
  words.option("--out", out, "DIR", "where the runs go: DIR/RECIPE-seed-N; a stopped one goes on [runs]");
  words.flag("--json", as_json, "machine-readable output");
  words.flag("--quiet", quiet, "no progress");
  words.examples("Example:\n  isthmus reproduce recipes/vae_fashion_mnist.toml --seeds 3\n");
  if (!words.parse(given)) return 0;
  program::set_quiet(quiet);
  int64_t count = 0;
  parse("seeds", seeds, positive, count);
  if (recipes.empty())
    throw UsageError(
        {.who = "reproduce", .expected = "a recipe", .got = "none", .hint = "one of recipes/*.toml"});

  bool all_met = true;
  auto json = nlohmann::ordered_json::array();
  for (const std::string& file : recipes) {
    const Recipe recipe = Recipe::read(file);
    if (recipe.expectations.empty())
      throw UsageError({.who = "reproduce",
                        .expected = "a recipe that says what to expect ([expect.METRIC])",
                        .got = fmt::format("'{}', which does not", file),
                        .hint = "isthmus train"});
    for (const Expectation& expected : recipe.expectations) settings_of(expected);  // wrong words, found now
    if (!recipe.time().empty() && !quiet)
      fmt::print(stderr, "{}: {} a seed, as its recipe says\n", file, recipe.time());
    std::vector<Row> rows;
    for (const Expectation& expected : recipe.expectations) rows.push_back({expected, {}, {}});
    for (int64_t i = 0; i < count; ++i) {
      const int64_t seed = recipe.run().seed + i;
      const auto folder = std::filesystem::path(out) /
                          fmt::format("{}-seed-{}", std::filesystem::path(file).stem().string(), seed);
      const isthmus::train::Run run = trained(recipe, seed, folder);
      measure(run, rows);
      program::write_report(run);
    }
    if (as_json)
      json.push_back(to_json(file, rows));
    else
      print(file, rows);
    for (const Row& row : rows) all_met = all_met && row.met();
  }
  if (as_json) fmt::print("{}\n", json.dump(2));
  return all_met ? 0 : 1;
}

}  // namespace isthmus::commands::reproduce
