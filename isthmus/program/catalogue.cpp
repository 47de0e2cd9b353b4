#include "isthmus/program/catalogue.hpp"

#include <fmt/ranges.h>

namespace isthmus::program {

std::string settings_table(const std::vector<Setting>& settings) {
  std::string text;
  for (const Setting& setting : settings) {
    const std::string bound = setting.bound.empty() ? "" : fmt::format(" ({})", setting.bound);
    const std::string choices =
        setting.choices.empty() ? "" : fmt::format(" ({})", fmt::join(setting.choices, ", "));
    text += fmt::format("  {:<24}{:<14}{}{}{}\n", setting.path, setting.value, setting.help, bound, choices);
  }
  return text;
}

nlohmann::ordered_json settings_json(const std::vector<Setting>& settings) {
  auto all = nlohmann::ordered_json::array();
  for (const Setting& setting : settings) {
    nlohmann::ordered_json line{{"path", setting.path},
                                {"kind", enum_name(setting.kind)},
                                {"default", setting.value},
                                {"help", setting.help}};
    if (!setting.bound.empty()) line["bound"] = setting.bound;
    if (!setting.choices.empty()) line["choices"] = setting.choices;
    all.push_back(std::move(line));
  }
  return all;
}

}  // namespace isthmus::program
