#pragma once

#include <filesystem>

#include "isthmus/core/model_entry.hpp"
#include "isthmus/program/catalogue.hpp"
#include "isthmus/program/model_page.hpp"

namespace isthmus::commands::models {

inline constexpr std::string_view summary = "list the models, or show one with its settings and its paper";

inline std::string text(const ModelEntry& model) {
  return fmt::format("{}: {}\n\n{} ({}): {}\n{}\n\n{}\nThe loss, in LaTeX:\n{}\n\n{}", model.name,
                     model.summary, model.paper.authors, model.paper.year, model.paper.title, model.paper.url,
                     program::wrapped(model.idea), model.equation,
                     program::settings_table(model.defaults.list()));
}

inline nlohmann::ordered_json json(const ModelEntry& model) {
  return {{"name", model.name},
          {"summary", model.summary},
          {"paper",
           {{"authors", model.paper.authors},
            {"year", model.paper.year},
            {"title", model.paper.title},
            {"url", model.paper.url}}},
          {"idea", model.idea},
          {"equation", model.equation},
          {"settings", program::settings_json(model.defaults.list())}};
}

inline int run(std::span<const std::string> given) {
  program::MenuWords choice;
  bool page = false;
  std::string recipes = "recipes";
  std::string images = "docs/images/models";
  program::Words words("models", summary);
  choice.add_to(words);
  words.flag("--page", page, "Markdown, as in docs/models; without NAME, the page that lists them");
  words.option("--recipes", recipes, "DIR", "of --page: recipes whose figures it shows [recipes]");
  words.option("--images", images, "DIR", "of --page: where NAME.png may be [docs/images/models]");
  if (!words.parse(given)) return 0;
  if (!page) {
    program::print_menu("models", isthmus::models::menu(), choice.name, choice.as_json, text, json);
    return 0;
  }
  if (choice.as_json) throw UsageError({.who = "models", .expected = "--page or --json", .got = "both"});
  const auto known = program::read_recipes(recipes);
  if (choice.name.empty()) {
    fmt::print("{}", program::models_index(known));
    return 0;
  }
  const ModelEntry& model = isthmus::models::menu().find(choice.name);
  const bool picture = std::filesystem::exists(std::filesystem::path(images) / (choice.name + ".png"));
  fmt::print("{}", program::model_page(model, known, picture));
  return 0;
}

}  // namespace isthmus::commands::models
