#pragma once

#include "isthmus/core/dataset.hpp"
#include "isthmus/program/catalogue.hpp"

namespace isthmus::commands::datasets {

inline constexpr std::string_view summary = "list the data sets, or show one with how to get it";

inline int run(std::span<const std::string> words) {
  const auto settings = [] { return Settings(DataConfig{}, "data").list(); };
  const auto text = [&](const DatasetEntry& data) {
    return fmt::format("{}: {}\n\nHow to get it: {}\n\n{}", data.name, data.summary, data.how_to_get,
                       program::settings_table(settings()));
  };
  const auto json = [&](const DatasetEntry& data) {
    return nlohmann::ordered_json{{"name", data.name},
                                  {"summary", data.summary},
                                  {"how_to_get", data.how_to_get},
                                  {"settings", program::settings_json(settings())}};
  };
  return program::show_menu("datasets", summary, isthmus::datasets::menu(), words, text, json);
}

}  // namespace isthmus::commands::datasets
