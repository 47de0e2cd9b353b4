#pragma once

#include "isthmus/core/picture.hpp"
#include "isthmus/program/catalogue.hpp"

namespace isthmus::commands::pictures {

inline constexpr std::string_view summary = "list the pictures, or show one with its settings";

inline int run(std::span<const std::string> words) {
  return program::show_menu("pictures", summary, isthmus::pictures::menu(), words,
                            program::entry_text<PictureEntry>, program::entry_json<PictureEntry>);
}

}  // namespace isthmus::commands::pictures
