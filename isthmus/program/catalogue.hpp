#pragma once

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "isthmus/core/menu.hpp"
#include "isthmus/core/settings.hpp"
#include "isthmus/program/words.hpp"

namespace isthmus::program {

/// A paragraph in lines of at most `width` characters (longer words excepted), each after `indent` spaces.
std::string wrapped(std::string_view paragraph, size_t width = 96, size_t indent = 2);

/// Of a column that holds these words: two characters more than the longest, and at least `least`.
size_t column_width(const std::vector<std::string_view>& words, size_t least = 0);

/// A table of settings as help shows them.
std::string settings_table(const std::vector<Setting>& settings);
nlohmann::ordered_json settings_json(const std::vector<Setting>& settings);

/// Details of an entry that has a name, a summary and settings.
template <class Entry>
std::string entry_text(const Entry& entry) {
  return fmt::format("{}: {}\n\n{}", entry.name, entry.summary, settings_table(entry.defaults.list()));
}
template <class Entry>
nlohmann::ordered_json entry_json(const Entry& entry) {
  return {
      {"name", entry.name}, {"summary", entry.summary}, {"settings", settings_json(entry.defaults.list())}};
}

/// The entry `name`, or without a name the menu. `text` and `json` give the details of one entry.
template <class Entry, class Text, class Json>
void print_menu(std::string_view command, const Menu<Entry>& menu, const std::string& name, bool as_json,
                const Text& text, const Json& json) {
  if (!name.empty()) {
    const Entry& entry = menu.find(name);
    fmt::print("{}", as_json ? json(entry).dump(2) + "\n" : text(entry));
  } else if (as_json) {
    auto all = nlohmann::ordered_json::array();
    for (const Entry* entry : menu) all.push_back(json(*entry));
    fmt::print("{}\n", all.dump(2));
  } else {
    std::vector<std::string_view> names;
    for (const Entry* entry : menu) names.push_back(entry->name);
    const size_t width = column_width(names, 18);
    for (const Entry* entry : menu) fmt::print("  {:<{}}{}\n", entry->name, width, entry->summary);
    fmt::print("\nisthmus {} NAME tells more of one.\n", command);
  }
}

/// The words of print_menu.
struct MenuWords {
  std::string name = {};
  bool as_json = false;

  void add_to(Words& words) {
    words.positional("NAME", name, "one entry, with its settings; without it, all of them", false);
    words.flag("--json", as_json, "machine-readable output");
  }
};

/// The whole of a command that shows a menu and nothing else.
template <class Entry, class Text, class Json>
int show_menu(std::string_view command, std::string_view summary, const Menu<Entry>& menu,
              std::span<const std::string> given, const Text& text, const Json& json) {
  MenuWords choice;
  Words words(command, summary);
  choice.add_to(words);
  if (!words.parse(given)) return 0;
  print_menu(command, menu, choice.name, choice.as_json, text, json);
  return 0;
}

}  // namespace isthmus::program
