#pragma once

#include <span>
#include <string>
#include <string_view>

#include "isthmus/core/menu.hpp"

namespace isthmus {

/// One line of the menu of commands: made by CMake from commands/NAME.hpp, which holds `summary` and
/// `int run(std::span<const std::string> words)`.
struct CommandEntry {
  std::string_view name;
  std::string_view summary;
  /// `words` are what follows the command's own name. The exit status; throws UsageError, Error, Interrupted.
  int (*run)(std::span<const std::string> words);
};

namespace commands {
using Entry = CommandEntry;
const Menu<Entry>& menu();
}  // namespace commands

}  // namespace isthmus
