#include "isthmus/io/input.hpp"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "isthmus/core/error.hpp"

namespace isthmus::io {
namespace {

[[noreturn]] void refuse(const std::string& name, const std::string& reason, const std::string& hint = {}) {
  throw Error({.who = "file", .expected = fmt::format("to read '{}'", name), .got = reason, .hint = hint});
}

}  // namespace

void Input::check_range(uint64_t offset, uint64_t count) const {
  if (offset <= size() && count <= size() - offset) return;
  refuse(name_, fmt::format("{} bytes where byte {} to {} was asked for", size(), offset, offset + count),
         "fetching or writing the file again: it is truncated");
}

std::vector<std::byte> Input::bytes_at(uint64_t offset, uint64_t count) const {
  check_range(offset, count);
  std::vector<std::byte> bytes(count);
  read_at(offset, bytes);
  return bytes;
}

FileInput::FileInput(const std::filesystem::path& path)
    : Input(path.string()), descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
  if (descriptor_ < 0) refuse(name(), std::strerror(errno));
  struct stat status{};
  const bool known = ::fstat(descriptor_, &status) == 0;
  if (known && S_ISREG(status.st_mode)) {
    size_ = static_cast<uint64_t>(status.st_size);
    return;
  }
  const std::string reason = !known                    ? std::strerror(errno)
                             : S_ISDIR(status.st_mode) ? "a folder"
                                                       : "something that is not a regular file";
  ::close(descriptor_);
  refuse(name(), reason);
}

FileInput::~FileInput() {
  ::close(descriptor_);
}

void FileInput::read_at(uint64_t offset, std::span<std::byte> into) const {
  check_range(offset, into.size());
  while (!into.empty()) {
    const ssize_t count = ::pread(descriptor_, into.data(), into.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) refuse(name(), std::strerror(errno));
    if (count == 0) refuse(name(), "a file that shrank while it was read");
    offset += static_cast<uint64_t>(count);
    into = into.subspan(static_cast<size_t>(count));
  }
}

void MemoryInput::read_at(uint64_t offset, std::span<std::byte> into) const {
  check_range(offset, into.size());
  if (!into.empty()) std::memcpy(into.data(), bytes_.data() + offset, into.size());
}

std::vector<std::byte> read_whole(const std::filesystem::path& path) {
  const FileInput file(path);
  return file.bytes_at(0, file.size());
}

std::string read_text(const std::filesystem::path& path) {
  const FileInput file(path);
  std::string text(file.size(), '\0');
  file.read_at(0, std::as_writable_bytes(std::span(text)));
  return text;
}

}  // namespace isthmus::io
