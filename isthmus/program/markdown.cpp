#include "isthmus/program/markdown.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace isthmus::program::markdown {
namespace {

bool is_word(char letter) {
  return (letter >= '0' && letter <= '9') || (letter >= 'A' && letter <= 'Z') ||
         (letter >= 'a' && letter <= 'z');
}

/// A bar ends a cell, even within code.
std::string row(const std::vector<std::string>& cells) {
  std::string text = "|";
  for (const std::string& cell : cells) {
    text += ' ';
    for (const char letter : cell) {
      if (letter == '|') text += '\\';
      text += letter;
    }
    text += cell.empty() ? "|" : " |";
  }
  return text + '\n';
}

}  // namespace

std::string plain(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const char letter = text[i];
    const char before = i > 0 ? text[i - 1] : ' ';
    const char after = i + 1 < text.size() ? text[i + 1] : ' ';
    switch (letter) {
      case '\n':
        out += ' ';
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':  // "&amp" is a sign of its own, "a & b" is not
        out += is_word(after) || after == '#' ? "&amp;" : "&";
        break;
      case '\\':
      case '`':
      case '*':
      case '[':
      case ']':
      case '$':
      case '~':
        out += '\\';
        out += letter;
        break;
      case '_':  // within a word it emphasises nothing
        out += is_word(before) && is_word(after) ? "_" : "\\_";
        break;
      case '#':
      case '+':
      case '-':  // a heading or a list, where a line begins with it
        if (i == 0 && (after == ' ' || after == letter)) out += '\\';
        out += letter;
        break;
      default:
        out += letter;
    }
  }
  return out;
}

std::string code(std::string_view text) {
  if (text.empty()) return {};
  size_t longest = 0;
  size_t now = 0;
  for (const char letter : text) {
    now = letter == '`' ? now + 1 : 0;
    longest = std::max(longest, now);
  }
  const std::string fence(longest + 1, '`');
  const std::string room = text.front() == '`' || text.back() == '`' ? " " : "";
  return fence + room + std::string(text) + room + fence;
}

std::string link(std::string_view text, std::string_view url) {
  std::string safe;
  for (const char letter : url) {
    if (letter == ' ' || letter == '(' || letter == ')' || letter == '<' || letter == '>')
      safe += fmt::format("%{:02X}", static_cast<int>(letter));
    else
      safe += letter;
  }
  return fmt::format("[{}]({})", plain(text), safe);
}

std::string table(const std::vector<std::string>& head, const std::vector<std::vector<std::string>>& rows) {
  std::string text = row(head) + row(std::vector<std::string>(head.size(), "---"));
  for (const auto& cells : rows) text += row(cells);
  return text;
}

}  // namespace isthmus::program::markdown
