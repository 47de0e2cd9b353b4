#pragma once

#include <functional>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "isthmus/core/settings.hpp"

namespace CLI {
class App;
}

namespace isthmus::program {

/// Sets one setting by its path.
using Setter = std::function<void(std::string_view path, std::string_view text)>;

/// The words of one command: positionals, flags, options, and the settings of whatever it works on. Reads as
///
///     Words words("draw", "draw a picture of a trained model");
///     words.positional("PICTURE", picture, "which picture");
///     words.option("--out", out, "FILE", "where to write it");
///     if (!words.parse(given)) return 0;   // --help was asked for, and shown
///
/// Wrong words throw UsageError; an unknown option gets the nearest known one.
class Words {
 public:
  Words(std::string_view command, std::string_view summary);
  Words(const Words&) = delete;
  Words& operator=(const Words&) = delete;
  ~Words();

  void positional(const std::string& name, std::string& value, const std::string& help, bool required = true);
  void positionals(const std::string& name, std::vector<std::string>& values, const std::string& help);
  void option(const std::string& name, std::string& value, const std::string& type, const std::string& help);
  void flag(const std::string& name, bool& value, const std::string& help);

  /// One option a setting, under its group's title in the help.
  void settings(const std::string& title, const std::vector<Setting>& lines, const Setter& set);

  /// Shown under the options.
  void examples(const std::string& text);

  /// False when help was asked for and has been printed.
  bool parse(std::span<const std::string> words);

 private:
  std::string command_;
  std::set<std::string, std::less<>> booleans_;  // "--PATH" of settings that are true or false
  std::unique_ptr<CLI::App> app_;
};

}  // namespace isthmus::program
