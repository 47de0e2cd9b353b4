#include "isthmus/io/jsonl.hpp"

#include <cerrno>
#include <string>

#include <fcntl.h>
#include <unistd.h>

#include "isthmus/core/error.hpp"
#include "isthmus/io/atomic_file.hpp"
#include "isthmus/io/bytes.hpp"
#include "isthmus/io/input.hpp"

namespace isthmus::io {
namespace {

/// Bytes up to and with the last line feed.
off_t whole_lines(int descriptor) {
  off_t end = ::lseek(descriptor, 0, SEEK_END);
  char last = '\0';
  while (end > 0 && ::pread(descriptor, &last, 1, end - 1) == 1 && last != '\n') --end;
  return end;
}

}  // namespace

LineLog::LineLog(const std::filesystem::path& path)
    : path_(path), descriptor_(::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666)) {
  if (descriptor_ < 0) throw_unwritable(path_, errno);
  if (::ftruncate(descriptor_, whole_lines(descriptor_)) == 0) return;
  const int error = errno;
  ::close(descriptor_);
  throw_unwritable(path_, error);
}

LineLog::~LineLog() {
  ::close(descriptor_);
}

void LineLog::append(std::string_view line) {
  if (line.find('\n') != std::string_view::npos)
    throw Error({.who = "jsonl", .expected = "one line", .got = "a line feed within it"});
  const off_t before = ::lseek(descriptor_, 0, SEEK_END);
  const int error = write_fully(descriptor_, as_bytes(std::string(line) + '\n'));
  if (error == 0) return;
  // Should taking the half line back fail as well, the next opening does it; the first error is the one to
  // tell.
  [[maybe_unused]] const int taken_back = ::ftruncate(descriptor_, before);
  throw_unwritable(path_, error);
}

void rewrite_keeping(const std::filesystem::path& path,
                     const std::function<bool(std::string_view line)>& keep) {
  if (!std::filesystem::exists(path)) return;
  const std::string text = read_text(path);
  std::string kept;
  for (size_t begin = 0, end = 0; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1) {
    const std::string_view line(text.data() + begin, end - begin);
    if (keep(line)) kept.append(line).push_back('\n');
  }
  if (kept != text) write_whole(path, kept);
}

}  // namespace isthmus::io
