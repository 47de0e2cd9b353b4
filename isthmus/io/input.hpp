#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace isthmus::io {

/// Bytes that can be read at any offset: a file, or memory. Every reader of a format takes one.
class Input {
 public:
  explicit Input(std::string name) : name_(std::move(name)) {}
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;
  virtual ~Input() = default;

  virtual uint64_t size() const = 0;

  /// Fills `into` with the bytes from `offset` on. Throws Error where they lie outside of the input.
  virtual void read_at(uint64_t offset, std::span<std::byte> into) const = 0;

  /// The bytes [offset, offset + count). Throws before it allocates where they lie outside of the input.
  std::vector<std::byte> bytes_at(uint64_t offset, uint64_t count) const;

  /// What error messages call it: the path.
  const std::string& name() const { return name_; }

 protected:
  void check_range(uint64_t offset, uint64_t count) const;

 private:
  std::string name_;
};

class FileInput final : public Input {
 public:
  /// Throws Error when `path` is absent, unreadable or not a regular file.
  explicit FileInput(const std::filesystem::path& path);
  ~FileInput() override;

  uint64_t size() const override { return size_; }
  void read_at(uint64_t offset, std::span<std::byte> into) const override;

 private:
  int descriptor_;
  uint64_t size_ = 0;
};

/// Bytes that somebody else owns and that outlive it.
class MemoryInput final : public Input {
 public:
  explicit MemoryInput(std::span<const std::byte> bytes, std::string name = "memory")
      : Input(std::move(name)), bytes_(bytes) {}

  uint64_t size() const override { return bytes_.size(); }
  void read_at(uint64_t offset, std::span<std::byte> into) const override;

 private:
  std::span<const std::byte> bytes_;
};

/// All bytes of a file. Throws Error when it cannot be read.
std::vector<std::byte> read_whole(const std::filesystem::path& path);
std::string read_text(const std::filesystem::path& path);

}  // namespace isthmus::io
