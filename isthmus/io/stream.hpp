#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "isthmus/io/input.hpp"

struct z_stream_s;  // zlib's, so that its header stays out of ours

namespace isthmus::io {

/// Bytes in order. What lets one reader take a plain file, a gzip file and an entry of a zip archive.
class Stream {
 public:
  virtual ~Stream() = default;

  /// Fills `into` from the front and says how many bytes came: fewer than asked for only at the end.
  virtual size_t read(std::span<std::byte> into) = 0;

  /// No more bytes than this can still come; tells an absurd size from a true one before anything is
  /// allocated.
  virtual uint64_t at_most() const = 0;

  virtual const std::string& name() const = 0;

  /// Fills all of `into`, or throws Error as `who`: the stream is truncated.
  void read_exactly(std::span<std::byte> into, std::string_view who);

  /// The last `count` bytes: throws Error when fewer or more are left.
  std::vector<std::byte> read_rest(uint64_t count, std::string_view who);
};

/// A stretch of an input, as it lies there.
class SectionStream final : public Stream {
 public:
  explicit SectionStream(const Input& input) : SectionStream(input, 0, input.size()) {}
  SectionStream(const Input& input, uint64_t offset, uint64_t count)
      : input_(input), offset_(offset), left_(count) {}

  size_t read(std::span<std::byte> into) override;
  uint64_t at_most() const override { return left_; }
  const std::string& name() const override { return input_.name(); }

 private:
  const Input& input_;
  uint64_t offset_;
  uint64_t left_;
};

/// Undoes deflate (RFC 1951), bare as in zip archives or framed as in gzip files (RFC 1952, members in a row
/// too).
class InflateStream final : public Stream {
 public:
  enum class Frame { gzip, none };

  /// `compressed` must outlive it.
  InflateStream(Stream& compressed, Frame frame);
  ~InflateStream() override;

  /// Throws Error when the data is corrupt or truncated, or fails gzip's checksum.
  size_t read(std::span<std::byte> into) override;
  uint64_t at_most() const override;
  const std::string& name() const override { return compressed_.name(); }

 private:
  bool refill();

  Stream& compressed_;
  Frame frame_;
  std::unique_ptr<z_stream_s> state_;
  std::vector<std::byte> buffer_;
  bool ended_ = false;
};

}  // namespace isthmus::io
