#pragma once

#include <filesystem>
#include <functional>
#include <string_view>

namespace isthmus::io {

/// A file of lines (metrics.jsonl) that only grows, each line whole: a line that a full disk or a kill cut
/// short is taken back, at once or when the file is next opened. One writer at a time.
class LineLog {
 public:
  /// Opens or starts the file. Throws Error when it cannot be written.
  explicit LineLog(const std::filesystem::path& path);
  LineLog(const LineLog&) = delete;
  LineLog& operator=(const LineLog&) = delete;
  ~LineLog();

  /// Adds `line` and a line feed in one call. Throws Error when `line` holds a line feed, or writing fails.
  void append(std::string_view line);

 private:
  std::filesystem::path path_;
  int descriptor_;
};

/// Drops the lines for which `keep` is false, and a last one that was cut short: a resumed run forgets the
/// steps it will take again. Whole or not at all; a file that is absent stays so.
void rewrite_keeping(const std::filesystem::path& path,
                     const std::function<bool(std::string_view line)>& keep);

}  // namespace isthmus::io
