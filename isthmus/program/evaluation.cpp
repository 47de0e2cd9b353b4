#include "isthmus/program/evaluation.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "isthmus/core/error.hpp"
#include "isthmus/program/catalogue.hpp"
#include "isthmus/program/terminal.hpp"

namespace isthmus::program {

MetricSettings::MetricSettings(bool quick) : quick_(quick) {
  for (const MetricEntry* entry : metrics::menu())
    all_.emplace_back(entry, quick ? entry->quick : entry->defaults);
}

void MetricSettings::set(std::string_view path, std::string_view text) {
  std::vector<std::string> known;
  for (auto& [entry, settings] : all_) {
    if (settings.has(path)) return settings.set(path, text);
    for (const Setting& line : settings.list()) known.push_back(line.path);
  }
  throw unknown_name("metrics", "setting of a metric", path, known);
}

const Settings& MetricSettings::of(const MetricEntry& metric) const {
  return std::find_if(all_.begin(), all_.end(), [&](const auto& each) { return each.first == &metric; })
      ->second;
}

Settings& MetricSettings::of(const MetricEntry& metric) {
  return std::find_if(all_.begin(), all_.end(), [&](const auto& each) { return each.first == &metric; })
      ->second;
}

Evaluation evaluate(const Subject& subject, std::string_view model, int64_t step,
                    const std::vector<std::string>& names, const MetricSettings& settings) {
  std::vector<const MetricEntry*> wanted(metrics::menu().begin(), metrics::menu().end());
  if (!names.empty()) {
    wanted.clear();
    for (const std::string& name : names) wanted.push_back(&metrics::menu().find(name));
  }
  Evaluation evaluation{std::string(model), subject.data.name, subject.split, step, {}, {}, settings.quick()};
  for (const MetricEntry* metric : wanted) {
    if (names.empty() && !metric->asked(settings.of(*metric))) continue;
    if (const auto reason = metric->why_not(subject)) {
      if (!names.empty())
        throw UsageError({.who = metric->name,
                          .expected = fmt::format("a model and data that have this metric"),
                          .got = fmt::format("{} on {}: {}", model, subject.data.name, *reason)});
      evaluation.left_out.emplace_back(metric->name, *reason);
      continue;
    }
    Subject watched = subject;
    watched.progress = measuring_progress(std::string(metric->name));
    evaluation.metrics.emplace_back(metric->name, metric->measure(watched, settings.of(*metric)));
  }
  return evaluation;
}

nlohmann::ordered_json to_json(const Evaluation& evaluation) {
  nlohmann::ordered_json json{{"model", evaluation.model},
                              {"dataset", evaluation.dataset},
                              {"split", enum_name(evaluation.split)},
                              {"step", evaluation.step},
                              {"metrics", nlohmann::ordered_json::object()}};
  for (const auto& [name, measured] : evaluation.metrics) {
    auto& entry = json["metrics"][name] = {{"value", measured.value}};
    if (measured.standard_error) entry["standard_error"] = *measured.standard_error;
    entry["unit"] = measured.unit;
    for (const auto& [extra, value] : measured.more) entry[extra] = value;
    if (!measured.warnings.empty()) entry["warnings"] = measured.warnings;
    if (evaluation.quick) entry["quick"] = true;
  }
  for (const auto& [name, reason] : evaluation.left_out) json["left_out"][name] = reason;
  return json;
}

std::string figure(double value) {
  const double size = std::abs(value);
  if (value == std::round(value) && size < 1e9) return fmt::format("{:.0f}", value);
  if (size >= 1000) return fmt::format("{:.1f}", value);
  if (size >= 0.1) return fmt::format("{:.3f}", value);
  return fmt::format("{:.3g}", value);
}

std::string table(const Evaluation& evaluation) {
  std::string text = fmt::format("{} on {} ({} split), step {}\n", evaluation.model, evaluation.dataset,
                                 enum_name(evaluation.split), thousands(evaluation.step));
  std::vector<std::string_view> names;
  for (const auto& [name, measured] : evaluation.metrics) names.emplace_back(name);
  for (const auto& [name, reason] : evaluation.left_out) names.emplace_back(name);
  const size_t width = column_width(names, 16);
  std::vector<std::string> warnings;
  for (const auto& [name, measured] : evaluation.metrics) {
    std::string value = figure(measured.value);
    if (measured.standard_error) value += fmt::format(" ± {}", figure(*measured.standard_error));
    std::vector<std::string> more;
    for (const auto& [extra, number] : measured.more)  // three on a line; evaluation.json has them all
      if (more.size() < 3) more.push_back(fmt::format("{} {}", extra, figure(number)));
    text +=
        fmt::format("  {:<{}}{:>18} {:<14} {}\n", name, width, value, measured.unit, fmt::join(more, ", "));
    for (const std::string& warning : measured.warnings)
      warnings.push_back(fmt::format("{}: {}", name, warning));
  }
  for (const std::string& warning : warnings) text += fmt::format("  warning: {}\n", warning);
  for (const auto& [name, reason] : evaluation.left_out)
    text += fmt::format("  {:<{}}left out: {}\n", name, width, reason);
  return text;
}

}  // namespace isthmus::program
