#include "isthmus/program/catalogue.hpp"

#include <algorithm>

#include <fmt/ranges.h>

namespace isthmus::program {
namespace {

/// Characters, not bytes, of UTF-8.
size_t length(std::string_view text) {
  return static_cast<size_t>(std::ranges::count_if(
      text, [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; }));
}

}  // namespace

std::string wrapped(std::string_view paragraph, size_t width, size_t indent) {
  std::string text;
  size_t used = 0;  // characters of the line at hand
  while (!paragraph.empty()) {
    const std::string_view word = paragraph.substr(0, paragraph.find(' '));
    paragraph.remove_prefix(std::min(word.size() + 1, paragraph.size()));
    if (word.empty()) continue;
    if (used > 0 && used + 1 + length(word) > width) {
      text += '\n';
      used = 0;
    }
    text += used == 0 ? std::string(indent, ' ') : " ";
    text += word;
    used += (used == 0 ? indent : 1) + length(word);
  }
  return text + '\n';
}

size_t column_width(const std::vector<std::string_view>& words, size_t least) {
  size_t longest = 0;
  for (const std::string_view word : words) longest = std::max(longest, length(word));
  return std::max(least, longest + 2);
}

std::string settings_table(const std::vector<Setting>& settings) {
  std::vector<std::string_view> paths;
  std::vector<std::string_view> values;
  for (const Setting& setting : settings) {
    paths.emplace_back(setting.path);
    values.emplace_back(setting.value);
  }
  const size_t path_width = column_width(paths, 24);
  const size_t value_width = column_width(values, 14);
  std::string text;
  for (const Setting& setting : settings) {
    const std::string bound = setting.bound.empty() ? "" : fmt::format(" ({})", setting.bound);
    const std::string choices =
        setting.choices.empty() ? "" : fmt::format(" ({})", fmt::join(setting.choices, ", "));
    text += fmt::format("  {:<{}}{:<{}}{}{}{}\n", setting.path, path_width, setting.value, value_width,
                        setting.help, bound, choices);
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
