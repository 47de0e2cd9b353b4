#pragma once

#include <string_view>

namespace isthmus {

/// `text` without the blanks around it.
constexpr std::string_view trim(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

}  // namespace isthmus
