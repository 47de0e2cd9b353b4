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

/// The metric's entry in evaluation.json; null when the file or the entry is not there or not as it should
/// be.
Json entry_of(const std::filesystem::path& run) {
  const auto file = run / "evaluation.json";
  if (!std::filesystem::exists(file)) return {};
  const Json json = Json::parse(io::read_text(file), nullptr, false);
  if (!json.is_object() || !json.contains("metrics") || !json["metrics"].is_object()) return {};
  const Json entry = json["metrics"].value("rate_distortion", Json());
  const auto number = [&](const char* key) {
    return entry.is_object() && entry.contains(key) && entry[key].is_number() &&
           std::isfinite(entry[key].get<double>());
  };
  return number("value") && number("distortion") ? entry : Json();
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

std::string label_of(const std::filesystem::path& run) {
  const std::string name = std::filesystem::weakly_canonical(run).filename().string();
  if (!std::filesystem::exists(run / "recipe.toml")) return name;
  toml::table recipe;
  try {
    recipe = toml::parse(io::read_text(run / "recipe.toml"));
  } catch (const toml::parse_error&) {
    return name;
  }
  if (const auto capacity = last_of(recipe, "capacity"); capacity.value_or(0) > 0)
    return fmt::format("capacity {}", *capacity);
  if (const auto beta = last_of(recipe, "beta")) return fmt::format("beta {}", *beta);
  return recipe["model"].value_or(std::string()) == "vae" ? "beta 1" : name;
}

}  // namespace

std::optional<std::string> why_no_rate_distortion(const std::filesystem::path& run) {
  if (!entry_of(run).is_null()) return std::nullopt;
  return fmt::format(
      "no rate_distortion stands in {}; measure it with isthmus evaluate {} --metrics rate_distortion",
      (run / "evaluation.json").string(), run.string());
}

RateDistortionPoint read_rate_distortion(const std::filesystem::path& run) {
  if (const auto reason = why_no_rate_distortion(run))
    throw Error({.who = "rate_distortion", .expected = "a run that was measured", .got = *reason});
  const Json entry = entry_of(run);
  return {label_of(run), entry["value"].get<double>(), entry["distortion"].get<double>()};
}

}  // namespace isthmus::report
