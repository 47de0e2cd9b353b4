#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "isthmus/core/error.hpp"
#include "isthmus/core/version.hpp"
#include "isthmus/io/atomic_file.hpp"
#include "isthmus/io/input.hpp"
#include "isthmus/io/png.hpp"
#include "isthmus/program/terminal.hpp"
#include "isthmus/program/trained.hpp"
#include "isthmus/report/curves.hpp"
#include "isthmus/report/report.hpp"

namespace isthmus::program {
namespace {

namespace fs = std::filesystem;

nlohmann::ordered_json read_json(const fs::path& path) {
  if (!fs::exists(path)) return nlohmann::ordered_json::object();
  auto json = nlohmann::ordered_json::parse(io::read_text(path), nullptr, false);
  if (!json.is_object())
    throw Error({.who = "report",
                 .expected = fmt::format("a JSON object in '{}'", path.string()),
                 .got = "something else",
                 .hint = "isthmus evaluate, which writes it anew"});
  return json;
}

void add_figures(const nlohmann::ordered_json& evaluation, int64_t step, report::ReportInput& input) {
  if (!evaluation.contains("metrics") || evaluation.value("step", int64_t{-1}) != step)
    return;  // of other weights
  input.split = evaluation.value("split", "test");
  std::vector<std::string> quick;
  for (const auto& [name, entry] : evaluation["metrics"].items())
    if (entry.value("quick", false)) quick.push_back(name);
  if (!quick.empty())
    input.warnings.push_back(
        fmt::format("a quick look, by fewer draws and examples: {}; isthmus evaluate "
                    "measures in full",
                    fmt::join(quick, ", ")));
  for (const auto& [name, entry] : evaluation["metrics"].items()) {
    const MetricEntry* metric = metrics::menu().look_up(name);
    report::Figure figure{.name = name,
                          .value = entry.value("value", 0.0),
                          .standard_error = {},
                          .unit = entry.value("unit", ""),
                          .explanation = metric == nullptr ? "" : std::string(metric->summary)};
    for (const auto& [key, value] : entry.items()) {
      if (key == "standard_error")
        figure.standard_error = value.get<double>();
      else if (key == "warnings")
        for (const auto& warning : value)
          input.warnings.push_back(fmt::format("{}: {}", name, warning.get<std::string>()));
      else if (key != "value" && value.is_number())
        figure.more.emplace_back(key, value.get<double>());
    }
    input.figures.push_back(std::move(figure));
  }
}

void add_pictures(const train::Run& run, report::ReportInput& input) {
  const Subject subject = subject_of(run, Split::test);
  fs::create_directories(run.directory.pictures());
  for (const PictureEntry* picture : pictures::menu()) {
    if (picture->why_not(subject)) continue;
    std::vector<std::byte> png = io::encode_png(picture->draw(subject, picture->defaults));
    io::write_whole(run.directory.pictures() / (std::string(picture->name) + ".png"), png);
    input.pictures.push_back({std::string(picture->name), std::string(picture->summary), std::move(png)});
  }
}

/// What the data set is, and how many of its examples the run has.
std::string data_summary(const train::Run& run) {
  const auto count = [](const std::shared_ptr<const Dataset>& split) { return thousands(split->size()); };
  const std::string& path = run.recipe.data().path;
  return fmt::format("{}; {} to train on, {} to watch the training, {} to test",
                     path.empty() ? std::string(run.recipe.dataset().summary) : path, count(run.data.train),
                     count(run.data.validation), count(run.data.test));
}

report::Facts facts_of(const train::Run& run) {
  const auto json = read_json(run.directory.facts());
  return {.seconds = json.value("seconds", 0.0),
          .examples_per_second = json.value("examples_per_second", 0.0),
          .steps = run.step,
          .parameters = json.value("parameters", int64_t{0}),
          .threads = json.value("threads", int64_t{0}),
          .device = enum_name(run.recipe.run().device),
          .version = json.value("isthmus", std::string(version)),
          .more = {{"torch", json.value("torch", "")}, {"processor", json.value("processor", "")}}};
}

}  // namespace

std::filesystem::path write_report(const train::Run& run) {
  const ModelEntry& model = run.recipe.model();
  report::ReportInput input{.name = run.recipe.title(),
                            .model = std::string(model.name),
                            .summary = std::string(model.summary),
                            .paper = model.paper,
                            .dataset = run.data.name,
                            .dataset_summary = data_summary(run),
                            .split = "test",
                            .figures = {},
                            .pictures = {},
                            .curves = {},
                            .settings = {},
                            .command = fmt::format("isthmus train {}", run.directory.recipe().string()),
                            .facts = facts_of(run),
                            .warnings = {}};
  try {
    add_figures(read_json(run.directory.evaluation()), run.step, input);
  } catch (const nlohmann::json::exception& error) {
    throw Error({.who = "report",
                 .expected = fmt::format("numbers in '{}'", run.directory.evaluation().string()),
                 .got = error.what(),
                 .hint = "isthmus evaluate, which writes it anew"});
  }
  add_pictures(run, input);
  if (fs::exists(run.directory.metrics())) input.curves = report::read_curves(run.directory.metrics());
  for (const train::Recipe::Group& group : run.recipe.groups())
    for (const Setting& setting : group.settings)
      input.settings.push_back({group.title, setting.path, setting.value, setting.help});
  io::write_whole(run.directory.report(), report::html(input));
  return run.directory.report();
}

}  // namespace isthmus::program
