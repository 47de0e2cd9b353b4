#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace isthmus::io {

/// A table of numbers with named columns, row by row: values is [rows, columns].
struct Table {
  std::vector<std::string> columns;
  std::vector<double> values;

  size_t rows() const { return columns.empty() ? 0 : values.size() / columns.size(); }
  std::span<const double> row(size_t i) const {
    return std::span(values).subspan(i * columns.size(), columns.size());
  }
};

/// Reads comma-separated values (RFC 4180, lines ended by LF or CRLF): the first line names the columns, all
/// other cells are numbers, "nan" and "inf" among them. Throws Error, naming line and column, for anything
/// else.
Table read_csv(const std::filesystem::path& path);
Table parse_csv(std::string_view text, std::string_view name = "memory");

/// A column of words, such as the names of files.
struct TextColumn {
  std::string name;
  std::vector<std::string> cells;
};

/// Writes a table whole or not at all, with columns of words after those of numbers; each number has as many
/// digits as reading it back exactly takes.
void write_csv(const std::filesystem::path& path, const Table& table,
               const std::vector<TextColumn>& words = {});

}  // namespace isthmus::io
