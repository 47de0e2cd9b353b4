#include "isthmus/report/curves.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "isthmus/core/error.hpp"

namespace isthmus::report {

namespace {

using Json = nlohmann::ordered_json;

void add(std::vector<Series>& all, const std::string& name, const std::string& split, double step,
         double value) {
  auto series =
      std::ranges::find_if(all, [&](const Series& one) { return one.name == name && one.split == split; });
  if (series == all.end()) series = all.insert(all.end(), {name, split, {}});
  while (!series->points.empty() && series->points.back().first >= step) series->points.pop_back();
  series->points.emplace_back(step, value);
}

constexpr auto whole = "whole";  // the stage of the model itself

struct Found {
  std::vector<Series> whole;
  std::vector<Series> layers;
};

/// False when `line` is no object of the format.
bool add_line(const std::string& line, Found& all) {
  const Json object = Json::parse(line, nullptr, false);
  if (!object.is_object() || !object.contains("step") || !object["step"].is_number() ||
      !object.contains("terms") || !object["terms"].is_object())
    return false;
  const auto text = [&](const char* key, const char* absent) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string(absent);
  };
  const std::string stage = text("stage", whole);
  const std::string prefix = stage == whole ? "" : stage + ": ";
  const Json& step = object.contains("stage_step") && object["stage_step"].is_number() ? object["stage_step"]
                                                                                       : object["step"];
  for (const auto& [name, value] : object["terms"].items())
    if (value.is_number() && std::isfinite(value.get<double>()))
      add(prefix.empty() ? all.whole : all.layers, prefix + name, text("split", "train"), step.get<double>(),
          value.get<double>());
  return true;
}

}  // namespace

std::vector<Series> read_curves(const std::filesystem::path& path) {
  std::ifstream file(path);
  if (!file)
    throw Error({.who = "curves",
                 .expected = "a file " + path.string(),
                 .got = "none that can be read",
                 .hint = "the folder of a training: it holds metrics.jsonl"});
  Found all;
  std::string line;
  for (int64_t number = 1; std::getline(file, line); ++number) {
    const bool last = file.peek() == std::char_traits<char>::eof();
    if (line.empty() || add_line(line, all) || last) continue;
    throw Error({.who = "curves",
                 .expected = R"(an object with "step" and "terms")",
                 .got = fmt::format("line {} of {}: {:.60}", number, path.string(), line)});
  }
  all.whole.insert(all.whole.end(), all.layers.begin(), all.layers.end());
  return all.whole;
}

}  // namespace isthmus::report
