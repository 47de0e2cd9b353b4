#include "isthmus/program/model_page.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "isthmus/core/error.hpp"
#include "isthmus/program/markdown.hpp"

namespace isthmus::program {
namespace {

using train::Expectation;
using train::Recipe;

constexpr std::string_view origin =
    "<!-- `make docs` writes this page from isthmus/models and recipes: change it there. -->\n\n";

/// Of one model; those named after it come first.
std::vector<NamedRecipe> recipes_of(const ModelEntry& model, const std::vector<NamedRecipe>& all) {
  std::vector<NamedRecipe> own;
  for (const NamedRecipe& each : all)
    if (&each.recipe.model() == &model) own.push_back(each);
  std::ranges::stable_partition(
      own, [&](const NamedRecipe& each) { return each.name.starts_with(fmt::format("{}_", model.name)); });
  return own;
}

/// As a shell takes it for one word.
std::string quoted(const std::string& text) {
  const bool bare =
      !text.empty() &&
      text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.,:/=+-") ==
          std::string::npos;
  if (bare) return text;
  std::string safe = "'";
  for (const char letter : text) safe += letter == '\'' ? std::string("'\\''") : std::string(1, letter);
  return safe + "'";
}

/// A command over as many lines as it needs.
std::string command_lines(const std::vector<std::string>& words) {
  std::string text;
  size_t used = 0;
  for (const std::string& word : words) {
    if (used > 0 && used + 1 + word.size() > 90) {
      text += " \\\n   ";
      used = 3;
    }
    text += (used == 0 ? "" : " ") + word;
    used += word.size() + 1;
  }
  return text + '\n';
}

std::string paper_text(const Paper& paper) {
  return fmt::format("{} ({}), {}", markdown::plain(paper.authors), paper.year,
                     markdown::link(paper.title, paper.url));
}

std::string training_text(const ModelEntry& model, const std::vector<NamedRecipe>& recipes) {
  if (recipes.empty()) return fmt::format("```sh\nisthmus train {} fashion_mnist\n```\n", model.name);
  const auto& [name, recipe] = recipes.front();
  std::vector<std::string> words{"isthmus train", std::string(model.name),
                                 std::string(recipe.dataset().name)};
  for (const auto& [path, value] : words_of(recipe))
    words.push_back(fmt::format("--{} {}", path, quoted(value)));
  return fmt::format(
      "```sh\n{0}isthmus train recipes/{1}.toml        # the same, from its recipe\n"
      "isthmus reproduce recipes/{1}.toml    # and holds what comes out against the figures below\n```\n",
      command_lines(words), name);
}

std::string settings_table(const std::vector<Setting>& settings) {
  std::vector<std::vector<std::string>> rows;
  for (const Setting& setting : settings) {
    std::string meaning = markdown::plain(setting.help);
    if (!setting.bound.empty()) meaning += fmt::format(" ({})", markdown::plain(setting.bound));
    std::vector<std::string> choices;
    for (const std::string& choice : setting.choices) choices.push_back(markdown::code(choice));
    if (!choices.empty()) meaning += fmt::format(": {}", fmt::join(choices, ", "));
    rows.push_back({markdown::code("--" + setting.path),
                    setting.value.empty() ? "empty" : markdown::code(setting.value), std::move(meaning)});
  }
  return markdown::table({"word", "default", "meaning"}, rows);
}

std::string metric_text(const Expectation& expectation) {
  std::string text =
      fmt::format("{}, {} split", markdown::code(expectation.metric), enum_name(expectation.split));
  for (const auto& [path, value] : expectation.settings)
    text += fmt::format(", {} {}", markdown::plain(path), markdown::plain(value));
  return text;
}

std::string recipe_link(const std::string& name) {
  return markdown::link(name, fmt::format("../../recipes/{}.toml", name));
}

std::string figures_text(const std::vector<NamedRecipe>& recipes) {
  std::string text;
  std::vector<std::vector<std::string>> rows;
  for (const auto& [name, recipe] : recipes) {
    text += fmt::format("- {}: {}", recipe_link(name), markdown::plain(recipe.title()));
    if (!recipe.time().empty()) text += fmt::format(" ({})", markdown::plain(recipe.time()));
    text += "\n";
    for (const Expectation& each : recipe.expectations)
      rows.push_back({recipe_link(name), metric_text(each), markdown::plain(each.text()),
                      markdown::plain(each.measured), markdown::plain(each.source)});
  }
  if (rows.empty()) return text;
  return text + "\n" +
         markdown::table({"recipe", "metric", "expected", "measured", "source of what is expected"}, rows) +
         "\n± of an expected figure is how far off still passes; (se) is one standard error over the "
         "examples of the split.\n";
}

}  // namespace

std::vector<NamedRecipe> read_recipes(const std::filesystem::path& folder) {
  if (!std::filesystem::is_directory(folder))
    throw UsageError({.who = "recipes",
                      .expected = "a folder of recipes",
                      .got = fmt::format("'{}'", folder.string()),
                      .hint = "--recipes DIR"});
  std::vector<NamedRecipe> all;
  for (const auto& file : std::filesystem::directory_iterator(folder))
    if (file.path().extension() == ".toml")
      all.push_back({file.path().stem().string(), Recipe::read(file.path())});
  std::ranges::sort(all, {}, &NamedRecipe::name);
  return all;
}

std::vector<std::pair<std::string, std::string>> words_of(const Recipe& recipe) {
  std::vector<std::pair<std::string, std::string>> words;
  const auto defaults = Recipe(recipe.model().name, recipe.dataset().name).groups();
  const auto own = recipe.groups();
  for (size_t group = 0; group < own.size(); ++group)
    for (size_t i = 0; i < own[group].settings.size(); ++i) {
      const Setting& setting = own[group].settings[i];
      if (setting.value != defaults[group].settings[i].value) words.emplace_back(setting.path, setting.value);
    }
  return words;
}

std::string model_page(const ModelEntry& model, const std::vector<NamedRecipe>& recipes, bool picture) {
  const std::vector<NamedRecipe> own = recipes_of(model, recipes);
  std::string page = fmt::format("{}# {}\n\n{}\n\n{}.\n", origin, markdown::plain(model.name),
                                 markdown::plain(model.summary), paper_text(model.paper));
  if (picture)
    page += fmt::format("\n![{}]({})\n", markdown::plain(model.summary),
                        fmt::format("../images/models/{}.png", model.name));
  page += fmt::format("\n## The idea\n\n{}\n", markdown::plain(model.idea));
  // Not between dollars: there Markdown takes the backslash from \, and \{ before the equation is read.
  page += fmt::format("\n## The loss\n\n```math\n{}\n```\n", model.equation);
  page += fmt::format(
      "\nIn the code: [isthmus/models/{0}.hpp](../../isthmus/models/{0}.hpp); what it must equal: "
      "[tests/models/{0}_test.cpp](../../tests/models/{0}_test.cpp).\n",
      model.name);
  page += fmt::format("\n## Training it\n\n{}", training_text(model, own));
  page += fmt::format(
      "\n## Settings\n\n{}\nThose of every training (`--fit.…`, `--data.…`, `--seed`): `isthmus train {} "
      "fashion_mnist --help`.\n",
      settings_table(model.defaults.list()), model.name);
  if (!own.empty()) page += fmt::format("\n## Figures\n\n{}", figures_text(own));
  return page;
}

std::string models_index(const std::vector<NamedRecipe>& recipes) {
  std::vector<std::vector<std::string>> rows;
  for (const ModelEntry* model : models::menu()) {
    std::string figure;
    for (const auto& [name, recipe] : recipes_of(*model, recipes))
      for (const Expectation& each : recipe.expectations)
        if (figure.empty() && !each.measured.empty())
          figure = fmt::format("{} on {}: {}", markdown::code(each.metric), recipe.dataset().name,
                               markdown::plain(each.measured));
    rows.push_back(
        {markdown::link(model->name, fmt::format("{}.md", model->name)), markdown::plain(model->summary),
         markdown::link(fmt::format("{} {}", model->paper.authors, model->paper.year), model->paper.url),
         std::move(figure)});
  }
  return fmt::format(
      "{}# Models\n\n{}\n(se): one standard error over the examples of the test split. Each page has the "
      "recipe that reaches its figures.\n",
      origin, markdown::table({"model", "what it is", "paper", "a figure it reached"}, rows));
}

}  // namespace isthmus::program
