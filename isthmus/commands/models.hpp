#pragma once

#include "isthmus/core/model_entry.hpp"
#include "isthmus/program/catalogue.hpp"

namespace isthmus::commands::models {

inline constexpr std::string_view summary = "list the models, or show one with its settings and its paper";

inline int run(std::span<const std::string> words) {
  const auto text = [](const ModelEntry& model) {
    return fmt::format("{}: {}\n\n{} ({}): {}\n{}\n\n{}\nThe loss, in LaTeX:\n{}\n\n{}", model.name,
                       model.summary, model.paper.authors, model.paper.year, model.paper.title,
                       model.paper.url, program::wrapped(model.idea), model.equation,
                       program::settings_table(model.defaults.list()));
  };
  const auto json = [](const ModelEntry& model) {
    return nlohmann::ordered_json{{"name", model.name},
                                  {"summary", model.summary},
                                  {"paper",
                                   {{"authors", model.paper.authors},
                                    {"year", model.paper.year},
                                    {"title", model.paper.title},
                                    {"url", model.paper.url}}},
                                  {"idea", model.idea},
                                  {"equation", model.equation},
                                  {"settings", program::settings_json(model.defaults.list())}};
  };
  return program::show_menu("models", summary, isthmus::models::menu(), words, text, json);
}

}  // namespace isthmus::commands::models
