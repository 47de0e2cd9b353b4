#include "isthmus/train/recipe.hpp"

#include <algorithm>
#include <cmath>
#include <sstream>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <toml++/toml.h>

#include "isthmus/core/error.hpp"
#include "isthmus/io/input.hpp"

namespace isthmus::train {
namespace {

UsageError misplaced(std::string_view who, std::string_view path, std::string_view expected) {
  return UsageError({.who = who, .expected = std::string(expected), .got = fmt::format("'{}'", path)});
}

/// A value of TOML as the text that Settings::set takes.
std::string text_of(std::string_view who, const std::string& path, const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* integer = node.as_integer()) return to_text(integer->get());
  if (const auto* real = node.as_floating_point()) return to_text(real->get());
  if (const auto* boolean = node.as_boolean()) return to_text(boolean->get());
  if (const auto* list = node.as_array()) {
    std::vector<std::string> parts;
    for (const toml::node& element : *list) parts.push_back(text_of(who, path, element));
    return fmt::format("{}", fmt::join(parts, ","));
  }
  throw misplaced(who, path, "a number, text, list, true or false");
}

/// Calls visit(path, text) for every value below `table`, by its dotted path.
template <class Visit>
void walk(std::string_view who, const toml::table& table, const std::string& prefix, const Visit& visit) {
  for (const auto& [key, node] : table) {
    const std::string path =
        prefix.empty() ? std::string(key.str()) : fmt::format("{}.{}", prefix, key.str());
    if (const auto* nested = node.as_table())
      walk(who, *nested, path, visit);
    else
      visit(path, text_of(who, path, node));
  }
}

double number_of(std::string_view who, const std::string& path, std::string_view text) {
  double value = 0;
  parse(fmt::format("{}: {}", who, path), text, anything, value);
  return value;
}

Expectation read_expectation(std::string_view who, std::string_view metric, const toml::table& table) {
  Expectation expectation{.metric = std::string(metric)};
  walk(who, table, "", [&](const std::string& path, const std::string& text) {
    const std::string full = fmt::format("expect.{}.{}", metric, path);
    if (path == "value")
      expectation.value = number_of(who, full, text);
    else if (path == "within")
      expectation.within = number_of(who, full, text);
    else if (path == "at_least")
      expectation.at_least = number_of(who, full, text);
    else if (path == "at_most")
      expectation.at_most = number_of(who, full, text);
    else if (path == "split")
      expectation.split = static_cast<Split>(parse_choice(full, text, enum_names<Split>()));
    else if (path == "source")
      expectation.source = text;
    else if (path == "measured")
      expectation.measured = text;
    else if (path.starts_with("settings."))
      expectation.settings.emplace_back(path.substr(9), text);
    else
      throw misplaced(who, full, "value, within, at_least, at_most, split, source, measured or settings.*");
  });
  if (!expectation.value && !expectation.at_least && !expectation.at_most)
    throw misplaced(who, fmt::format("expect.{}", metric),
                    "a value, at_least or at_most in each [expect.METRIC]");
  if (expectation.within < 0 || (expectation.within > 0 && !expectation.value))
    throw misplaced(who, fmt::format("expect.{}.within", metric), "a distance of 0 or more from a value");
  return expectation;
}

/// The [expect.METRIC] tables as they follow one another in the file; a TOML table forgets that.
std::vector<Expectation> read_expectations(std::string_view who, const toml::table& tables) {
  std::vector<std::pair<toml::source_position, Expectation>> found;
  for (const auto& [metric, node] : tables) {
    if (!node.is_table()) throw misplaced(who, metric.str(), "a table [expect.METRIC]");
    found.emplace_back(node.source().begin, read_expectation(who, metric.str(), *node.as_table()));
  }
  std::ranges::stable_sort(found, [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<Expectation> expectations;
  for (auto& [position, expectation] : found) expectations.push_back(std::move(expectation));
  return expectations;
}

std::string toml_text(std::string_view text) {
  std::ostringstream out;
  out << toml::value<std::string>(std::string(text));
  return out.str();
}

std::string toml_value(const Setting& setting) {
  switch (setting.kind) {
    case Kind::boolean:
    case Kind::integer:
      return setting.value;
    case Kind::real: {
      const bool plain = setting.value.find_first_of(".e") != std::string::npos;
      return plain ? setting.value : setting.value + ".0";
    }
    case Kind::list:
      return "[" + setting.value + "]";
    case Kind::text:
    case Kind::choice:
    case Kind::schedule:
      return toml_text(setting.value);
  }
  return {};
}

void write_table(std::string& out, std::string_view table, const Settings& settings, size_t prefix) {
  if (!table.empty()) out += fmt::format("\n[{}]\n", table);
  for (const Setting& setting : settings.list())
    out += fmt::format("{} = {}\n", setting.path.substr(prefix), toml_value(setting));
}

/// `absent` when there is no such line. Throws UsageError when it is no text.
std::string text_at(std::string_view who, const toml::table& root, std::string_view key, std::string absent) {
  const auto line = root[key];
  if (!line) return absent;
  if (!line.is_string()) throw misplaced(who, key, fmt::format("text, as in {} = \"…\"", key));
  return line.as_string()->get();
}

std::string name_at(std::string_view who, const toml::table& root, std::string_view key) {
  std::string name = text_at(who, root, key, "");
  if (name.empty())
    throw UsageError({.who = who, .expected = fmt::format("a line like {} = \"…\"", key), .got = "none"});
  return name;
}

}  // namespace

bool Expectation::met(double reached) const {
  if (!std::isfinite(reached)) return false;
  if (value && std::abs(reached - *value) > within) return false;
  if (at_least && reached < *at_least) return false;
  return !at_most || reached <= *at_most;
}

std::string Expectation::text() const {
  std::vector<std::string> parts;
  if (value) parts.push_back(fmt::format("{} ± {}", *value, within));
  if (at_least) parts.push_back(fmt::format("at least {}", *at_least));
  if (at_most) parts.push_back(fmt::format("at most {}", *at_most));
  return fmt::format("{}", fmt::join(parts, ", "));
}

Recipe::Recipe(std::string_view model, std::string_view dataset)
    : model_(&models::menu().find(model)),
      dataset_(&datasets::menu().find(dataset)),
      title_(fmt::format("{} on {}", model, dataset)),
      model_settings_(model_->defaults) {}

Recipe Recipe::read(const std::filesystem::path& path) {
  return parse(io::read_text(path), path.filename().string());
}

Recipe Recipe::parse(std::string_view toml, std::string_view who) {
  ::toml::table root;
  try {
    root = ::toml::parse(toml);
  } catch (const ::toml::parse_error& error) {
    throw UsageError({.who = who,
                      .expected = "a recipe in TOML",
                      .got = fmt::format("{} in line {}", error.description(), error.source().begin.line)});
  }
  Recipe recipe(name_at(who, root, "model"), name_at(who, root, "dataset"));
  recipe.title_ = text_at(who, root, "title", recipe.title_);
  recipe.time_ = text_at(who, root, "time", "");
  for (const auto& [key, node] : root) {
    const std::string name(key.str());
    const auto* table = node.as_table();
    if (name == "model" || name == "dataset" || name == "title" || name == "time") continue;
    if (name == recipe.model_->name && table != nullptr) {
      walk(who, *table, "",
           [&](const auto& path, const auto& value) { recipe.model_settings_.set(path, value); });
    } else if (name == "expect" && table != nullptr) {
      recipe.expectations = read_expectations(who, *table);
    } else if (table != nullptr && name != "data" && name != "fit") {
      throw unknown_name(who, "table", name,
                         std::vector<std::string>{std::string(recipe.model_->name), "data", "fit", "expect"});
    } else if (table != nullptr) {
      Settings& settings = name == "data" ? recipe.data_ : recipe.fit_;
      walk(who, *table, name, [&](const auto& path, const auto& value) { settings.set(path, value); });
    } else {
      recipe.run_.set(name, text_of(who, name, node));
    }
  }
  return recipe;
}

std::string Recipe::toml() const {
  std::string out = fmt::format("title = {}\n", toml_text(title_));
  if (!time_.empty()) out += fmt::format("time = {}\n", toml_text(time_));
  out += fmt::format("model = {}\ndataset = {}\n", toml_text(model_->name), toml_text(dataset_->name));
  write_table(out, "", run_, 0);
  write_table(out, model_->name, model_settings_, 0);
  write_table(out, "data", data_, 5);
  write_table(out, "fit", fit_, 4);
  for (const Expectation& each : expectations) {
    out += fmt::format("\n[expect.{}]\n", toml_text(each.metric));
    if (each.value) out += fmt::format("value = {}\nwithin = {}\n", *each.value, each.within);
    if (each.at_least) out += fmt::format("at_least = {}\n", *each.at_least);
    if (each.at_most) out += fmt::format("at_most = {}\n", *each.at_most);
    out += fmt::format("split = {}\n", toml_text(enum_name(each.split)));
    for (const auto& [path, text] : each.settings)
      out += fmt::format("settings.{} = {}\n", path, toml_text(text));
    if (!each.source.empty()) out += fmt::format("source = {}\n", toml_text(each.source));
    if (!each.measured.empty()) out += fmt::format("measured = {}\n", toml_text(each.measured));
  }
  return out;
}

void Recipe::set(std::string_view path, std::string_view text) {
  for (Settings* settings : {&model_settings_, &data_, &fit_, &run_}) {
    if (!settings->has(path)) continue;
    settings->set(path, text);
    if (path == "fit.steps")
      fit_.set("fit.epochs", "0");  // who asks for steps does not want the recipe's epochs
    return;
  }
  std::vector<std::string> known;
  for (const Group& group : groups())
    for (const Setting& setting : group.settings) known.push_back(setting.path);
  throw unknown_name(model_->name, "setting", path, known);
}

std::vector<Recipe::Group> Recipe::groups() const {
  return {{fmt::format("{}: the model", model_->name), model_settings_.list()},
          {"data", data_.list()},
          {"fit: the training", fit_.list()},
          {"run", run_.list()}};
}

}  // namespace isthmus::train
