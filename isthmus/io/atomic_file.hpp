#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string_view>

namespace isthmus::io {

/// A file that is written whole or not at all. Bytes go to a temporary file beside `path`; commit() makes
/// them durable and renames it over `path` in one step. Without a commit, or after an error, the temporary is
/// removed and whatever stood at `path` before is untouched. All members throw Error with the system's
/// reason.
///
///     AtomicFile file("model.safetensors");
///     file.write(header);
///     file.write(data);
///     file.commit();
class AtomicFile {
 public:
  explicit AtomicFile(std::filesystem::path path);
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile();

  void write(std::span<const std::byte> bytes);
  void write(std::string_view text);

  /// The last call: nothing may be written after it.
  void commit();

 private:
  [[noreturn]] void fail(int error);
  void discard();

  std::filesystem::path path_;
  std::filesystem::path temporary_;
  int descriptor_ = -1;
};

/// An AtomicFile in one call. A device or pipe is written into, as nothing may replace it; behind a link, its
/// target is.
void write_whole(const std::filesystem::path& path, std::span<const std::byte> bytes);
void write_whole(const std::filesystem::path& path, std::string_view text);

/// Throws the Error that all writers share: `path` cannot be written because of errno's value `error`.
[[noreturn]] void throw_unwritable(const std::filesystem::path& path, int error);

/// Writes all of `bytes` to an open file, however many calls it takes. Returns 0, or errno's value.
int write_fully(int descriptor, std::span<const std::byte> bytes);

}  // namespace isthmus::io
