#include "isthmus/io/atomic_file.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "isthmus/core/error.hpp"
#include "isthmus/io/bytes.hpp"

namespace isthmus::io {
namespace {

std::string_view remedy(int error) {
  switch (error) {
    case ENOSPC:
    case EDQUOT:
      return "freeing space on that disk, or another folder";
    case EFBIG:
      return "a higher limit on the size of files (ulimit -f), or another disk";
    case EACCES:
    case EPERM:
    case EROFS:
      return "a folder that you may write to";
    case ENOENT:
      return "making its folder first";
    case ENOTDIR:
    case EISDIR:
      return "another path: a file stands where a folder should, or the reverse";
    default:
      return "another path";
  }
}

/// Makes the rename itself durable. Some file systems cannot sync a folder and say EINVAL: then nothing is
/// lost.
int sync_folder(const std::filesystem::path& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return errno;
  const int error = ::fsync(descriptor) == 0 || errno == EINVAL ? 0 : errno;
  ::close(descriptor);
  return error;
}

std::filesystem::path folder_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

/// The file behind a link, be it there yet or not, so that the link stays one.
std::filesystem::path followed(std::filesystem::path path) {
  constexpr int most_links = 40;  // as the system's own limit
  std::error_code error;
  for (int links = 0; links < most_links && std::filesystem::is_symlink(path, error); ++links)
    path = folder_of(path) / std::filesystem::read_symlink(path, error);
  return path;
}

/// Whether a device or pipe stands at the path, which nothing may replace.
bool is_stream(const std::filesystem::path& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  return std::filesystem::is_character_file(status) || std::filesystem::is_fifo(status) ||
         std::filesystem::is_block_file(status);
}

void write_through(const std::filesystem::path& path, std::span<const std::byte> bytes) {
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (descriptor < 0) throw_unwritable(path, errno);
  const int error = write_fully(descriptor, bytes);
  ::close(descriptor);
  if (error != 0) throw_unwritable(path, error);
}

}  // namespace

void throw_unwritable(const std::filesystem::path& path, int error) {
  throw Error({.who = "file",
               .expected = fmt::format("to write '{}'", path.string()),
               .got = std::strerror(error),
               .hint = std::string(remedy(error))});
}

int write_fully(int descriptor, std::span<const std::byte> bytes) {
  constexpr size_t most_in_one_call = size_t{1} << 30;
  while (!bytes.empty()) {
    const ssize_t count = ::write(descriptor, bytes.data(), std::min(bytes.size(), most_in_one_call));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno;
    bytes = bytes.subspan(static_cast<size_t>(count));
  }
  return 0;
}

AtomicFile::AtomicFile(std::filesystem::path path) : path_(followed(path)) {
  static std::atomic<unsigned> serial = 0;
  const std::string name = path_.filename().string();
  do {
    temporary_ = folder_of(path_) / fmt::format(".{}.{}.{}.tmp", name, ::getpid(), serial++);
    descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  } while (descriptor_ < 0 && errno == EEXIST);  // a killed process of the same number left one behind
  if (descriptor_ < 0) throw_unwritable(path_, errno);
}

AtomicFile::~AtomicFile() {
  discard();
}

void AtomicFile::write(std::span<const std::byte> bytes) {
  if (const int error = write_fully(descriptor_, bytes)) fail(error);
}

void AtomicFile::write(std::string_view text) {
  write(as_bytes(text));
}

void AtomicFile::commit() {
  if (::fsync(descriptor_) != 0) fail(errno);
  if (::close(std::exchange(descriptor_, -1)) != 0) fail(errno);
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) fail(errno);
  temporary_.clear();
  if (const int error = sync_folder(folder_of(path_))) throw_unwritable(path_, error);
}

void AtomicFile::fail(int error) {
  discard();
  throw_unwritable(path_, error);
}

void AtomicFile::discard() {
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
  temporary_.clear();
}

void write_whole(const std::filesystem::path& path, std::span<const std::byte> bytes) {
  if (is_stream(path)) return write_through(path, bytes);
  AtomicFile file(path);
  file.write(bytes);
  file.commit();
}

void write_whole(const std::filesystem::path& path, std::string_view text) {
  write_whole(path, as_bytes(text));
}

}  // namespace isthmus::io
