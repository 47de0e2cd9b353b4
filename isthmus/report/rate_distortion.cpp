#include "isthmus/report/rate_distortion.hpp"

#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <toml++/toml.h>

#include "isthmus/core/error.hpp"
#include "isthmus/core/schedule.hpp"
#include "isthmus/io/input.hpp"

namespace isthmus::report {
namespace {

using Json = nlohmann::ordered_json;

/// What evaluation.json holds; null when the file is not there, is no object or has no metrics.
Json evaluation_of(const std::filesystem::path& run) {
  const auto file = run / "evaluation.json";
  if (!std::filesystem::exists(file)) return {};
  Json json = Json::parse(io::read_text(file), nullptr, false);
  return json.is_object() && json.contains("metrics") && json["metrics"].is_object() ? json : Json();
}

/// The metric's entry there; null when it is not there or not as it should be.
Json entry_of(const Json& evaluation) {
  if (evaluation.is_null()) return {};
  const Json entry = evaluation["metrics"].value("rate_distortion", Json());
  const auto number = [&](const char* key) {
    return entry.is_object() && entry.contains(key) && entry[key].is_number() &&
           std::isfinite(entry[key].get<double>());
  };
  return number("value") && number("distortion") ? entry : Json();
}

/// Empty when the file is not there or no TOML.
toml::table recipe_of(const std::filesystem::path& run) {
  if (!std::filesystem::exists(run / "recipe.toml")) return {};
  try {
    return toml::parse(io::read_text(run / "recipe.toml"));
  } catch (const toml::parse_error&) {
    return {};
  }
}

std::string text_at(const Json& json, const char* key) {
  return json.contains(key) && json[key].is_string() ? json[key].get<std::string>() : "";
}

/// What the nats are of: runs that agree in it were asked the same question, if not on as many images.
std::string data_of(const Json& evaluation, const Json& entry, const toml::table& recipe) {
  std::string text =
      fmt::format("{}, {} split", text_at(evaluation, "dataset"), text_at(evaluation, "split"));
  // What decides which pixels are measured; the rest of [data] is about the training, or about how many.
  for (const char* word : {"path", "binarise"})
    if (const auto value = recipe["data"][word].value<std::string>(); value && !value->empty())
      text += fmt::format(", --data.{} {}", word, *value);
  for (const char* word : {"size", "test"})
    if (const auto value = recipe["data"][word].value<double>(); value.value_or(0) > 0)
      text += fmt::format(", --data.{} {}", word, *value);
  if (entry.contains("open_pixels") && entry["open_pixels"].is_number())
    text += fmt::format(", given all but {} pixels", entry["open_pixels"].get<double>());
  return text;
}

/// Where a setting of the run's model ends, when it is a schedule; nullopt when the model has no such
/// setting.
std::optional<double> last_of(const toml::table& recipe, std::string_view setting) {
  const auto model = recipe["model"].value<std::string>();
  if (!model) return std::nullopt;
  const auto node = recipe[*model][setting];
  if (const auto number = node.value<double>()) return number;
  if (const auto text = node.value<std::string>()) return Schedule::parse(*text).last();
  return std::nullopt;
}

std::string label_of(const std::filesystem::path& run, const toml::table& recipe) {
  if (const auto capacity = last_of(recipe, "capacity"); capacity.value_or(0) > 0)
    return fmt::format("capacity {}", *capacity);
  if (const auto beta = last_of(recipe, "beta")) return fmt::format("beta {}", *beta);
  if (recipe["model"].value_or(std::string()) == "vae") return "beta 1";
  return std::filesystem::weakly_canonical(run).filename().string();
}

}  // namespace

std::optional<std::string> why_no_rate_distortion(const std::filesystem::path& run) {
  if (!entry_of(evaluation_of(run)).is_null()) return std::nullopt;
  return fmt::format(
      "no rate_distortion stands in {}; measure it with isthmus evaluate {} --metrics rate_distortion",
      (run / "evaluation.json").string(), run.string());
}

RateDistortionPoint read_rate_distortion(const std::filesystem::path& run) {
  if (const auto reason = why_no_rate_distortion(run))
    throw Error({.who = "rate_distortion", .expected = "a run that was measured", .got = *reason});
  const Json evaluation = evaluation_of(run);
  const Json entry = entry_of(evaluation);
  const toml::table recipe = recipe_of(run);
  const bool counted = entry.contains("images") && entry["images"].is_number();
  return {.label = label_of(run, recipe),
          .rate = entry["value"].get<double>(),
          .distortion = entry["distortion"].get<double>(),
          .model = text_at(evaluation, "model"),
          .data = data_of(evaluation, entry, recipe),
          .images = counted ? static_cast<int64_t>(entry["images"].get<double>()) : 0};
}

std::vector<RateDistortionPoint> read_rate_distortions(const std::vector<std::filesystem::path>& runs) {
  std::vector<RateDistortionPoint> points;
  bool one_model = true;
  for (const auto& run : runs) {
    points.push_back(read_rate_distortion(run));
    const auto& first = points.front();
    if (points.back().data != first.data)
      throw Error({.who = "rate_distortion",
                   .expected = fmt::format("runs that were measured on the same: {}", first.data),
                   .got = fmt::format("{} in {}", points.back().data, run.string()),
                   .hint = "runs of one data set, and isthmus evaluate on one split of it"});
    one_model = one_model && points.back().model == first.model;
  }
  if (!one_model)
    for (auto& point : points) point.label = fmt::format("{}, {}", point.model, point.label);
  return points;
}

}  // namespace isthmus::report
