#include "isthmus/io/csv.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "isthmus/core/error.hpp"
#include "isthmus/io/atomic_file.hpp"
#include "isthmus/io/input.hpp"

namespace isthmus::io {
namespace {

constexpr std::string_view who = "csv";

class Parser {
 public:
  Parser(std::string_view text, std::string_view name) : text_(text), name_(name) {
    if (text_.starts_with("\xef\xbb\xbf"))
      text_.remove_prefix(3);  // the mark with which spreadsheets begin UTF-8
  }

  Table parse() {
    Table table;
    if (text_.empty()) refuse("a first line that names the columns", "an empty file");
    do table.columns.push_back(cell());
    while (!end_of_line());
    for (line_ = 2; !text_.empty(); ++line_) {
      column_ = 0;
      do {
        table.values.push_back(number(cell()));
        ++column_;
      } while (!end_of_line());
      if (column_ != table.columns.size())
        refuse(fmt::format("{} cells", table.columns.size()), fmt::format("{}", column_));
    }
    return table;
  }

 private:
  [[noreturn]] void refuse(const std::string& expected, const std::string& got) const {
    throw Error({.who = who,
                 .expected = expected,
                 .got = fmt::format("{} in line {} of '{}'", got, line_, name_),
                 .hint = "a first line with the names of the columns, and numbers split by commas"});
  }

  std::string cell() {
    if (text_.starts_with('"')) return quoted_cell();
    const size_t end = std::min(text_.find_first_of(",\n"), text_.size());
    std::string_view content = text_.substr(0, end);
    text_.remove_prefix(end);
    if (content.ends_with('\r')) content.remove_suffix(1);
    return std::string(content);
  }

  std::string quoted_cell() {
    std::string content;
    for (bool doubled = false; text_.starts_with('"'); doubled = true) {
      const size_t end = text_.find('"', 1);
      if (end == std::string_view::npos) refuse("the quote that ends a cell", "the end of the file");
      if (doubled) content += '"';  // two quotes in a row stand for one
      content += text_.substr(1, end - 1);
      text_.remove_prefix(end + 1);
    }
    if (text_.starts_with('\r')) text_.remove_prefix(1);
    if (!text_.empty() && text_[0] != ',' && text_[0] != '\n')
      refuse("a comma after a quoted cell", "more of it");
    return content;
  }

  /// Passes a comma (false) or the end of a line (true).
  bool end_of_line() {
    if (text_.empty()) return true;
    const bool ends = text_[0] == '\n';
    text_.remove_prefix(1);
    return ends;
  }

  double number(std::string_view content) const {
    while (content.starts_with(' ')) content.remove_prefix(1);
    while (content.ends_with(' ')) content.remove_suffix(1);
    if (content.starts_with('+')) content.remove_prefix(1);
    double value = 0;
    const char* const end = content.data() + content.size();
    const auto [stopped, error] = std::from_chars(content.data(), end, value);
    if (error != std::errc{} || stopped != end)
      refuse(fmt::format("a number in column {}", column_ + 1), fmt::format("'{}'", content));
    return value;
  }

  std::string_view text_;
  std::string_view name_;
  size_t line_ = 1;
  size_t column_ = 0;
};

std::string quoted_where_needed(const std::string& name) {
  if (name.find_first_of(",\"\r\n") == std::string::npos) return name;
  std::string quoted = "\"";
  for (const char letter : name) {
    if (letter == '"') quoted += '"';
    quoted += letter;
  }
  return quoted + '"';
}

}  // namespace

Table read_csv(const std::filesystem::path& path) {
  return parse_csv(read_text(path), path.string());
}

Table parse_csv(std::string_view text, std::string_view name) {
  return Parser(text, name).parse();
}

void write_csv(const std::filesystem::path& path, const Table& table, const std::vector<TextColumn>& words) {
  const size_t width = table.columns.size();
  if (width == 0 || table.values.size() % width != 0) {
    throw Error({.who = who,
                 .expected = "named columns, and a value for each in every row",
                 .got = fmt::format("{} columns, {} values", width, table.values.size())});
  }
  for (const TextColumn& column : words)
    if (column.cells.size() != table.rows())
      throw Error({.who = who,
                   .expected = fmt::format("{} cells in column '{}'", table.rows(), column.name),
                   .got = fmt::format("{}", column.cells.size())});
  std::string text;
  const auto add = [&](std::string_view cell) { text.append(cell).push_back(','); };
  const auto end_line = [&] { text.back() = '\n'; };
  for (const std::string& name : table.columns) add(quoted_where_needed(name));
  for (const TextColumn& column : words) add(quoted_where_needed(column.name));
  end_line();
  for (size_t i = 0; i < table.rows(); ++i) {
    for (const double value : table.row(i)) add(fmt::format("{}", value));
    for (const TextColumn& column : words) add(quoted_where_needed(column.cells[i]));
    end_line();
  }
  write_whole(path, text);
}

}  // namespace isthmus::io
