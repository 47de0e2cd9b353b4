#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace isthmus::program::markdown {

/// Plain text as GitHub's Markdown shows it letter for letter, on one line.
std::string plain(std::string_view text);

/// Text in the type of code, whatever backticks it holds; nothing for empty text.
std::string code(std::string_view text);

/// [text](url), the text plain.
std::string link(std::string_view text, std::string_view url);

/// A table; its cells are Markdown, as the functions above make it.
std::string table(const std::vector<std::string>& head, const std::vector<std::vector<std::string>>& rows);

}  // namespace isthmus::program::markdown
