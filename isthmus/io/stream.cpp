#include "isthmus/io/stream.hpp"

#include <algorithm>
#include <limits>
#include <new>

#include <fmt/format.h>
#include <zlib.h>

#include "isthmus/core/error.hpp"

namespace isthmus::io {
namespace {

/// Deflate's best case: a match of 258 bytes in two bits.
constexpr uint64_t best_ratio = 1032;
constexpr size_t chunk = 1 << 16;

}  // namespace

void Stream::read_exactly(std::span<std::byte> into, std::string_view who) {
  const size_t count = read(into);
  if (count == into.size()) return;
  throw Error({.who = who,
               .expected = fmt::format("{} more bytes in '{}'", into.size(), name()),
               .got = fmt::format("{}: the file is truncated", count),
               .hint = "fetching or writing it again"});
}

std::vector<std::byte> Stream::read_rest(uint64_t count, std::string_view who) {
  if (count > at_most()) {
    throw Error({.who = who,
                 .expected = fmt::format("{} bytes of data in '{}', as its header says", count, name()),
                 .got = fmt::format("{} at most: it is truncated, or its header is damaged", at_most()),
                 .hint = "fetching or writing it again"});
  }
  std::vector<std::byte> bytes(count);
  read_exactly(bytes, who);
  std::byte beyond{};
  if (read({&beyond, 1}) != 0) {
    throw Error({.who = who,
                 .expected = fmt::format("{} bytes of data in '{}', as its header says", count, name()),
                 .got = "bytes beyond them",
                 .hint = "fetching or writing it again"});
  }
  return bytes;
}

size_t SectionStream::read(std::span<std::byte> into) {
  const size_t count = static_cast<size_t>(std::min<uint64_t>(into.size(), left_));
  input_.read_at(offset_, into.first(count));
  offset_ += count;
  left_ -= count;
  return count;
}

InflateStream::InflateStream(Stream& compressed, Frame frame)
    : compressed_(compressed), frame_(frame), state_(std::make_unique<z_stream>()), buffer_(chunk) {
  constexpr int add_gzip_frame = 16;
  const int window = frame == Frame::gzip ? MAX_WBITS + add_gzip_frame : -MAX_WBITS;
  if (inflateInit2(state_.get(), window) != Z_OK) throw std::bad_alloc();
}

InflateStream::~InflateStream() {
  inflateEnd(state_.get());
}

bool InflateStream::refill() {
  const size_t count = compressed_.read(buffer_);
  state_->next_in = reinterpret_cast<Bytef*>(buffer_.data());
  state_->avail_in = static_cast<uInt>(count);
  return count > 0;
}

size_t InflateStream::read(std::span<std::byte> into) {
  size_t done = 0;
  while (done < into.size() && !ended_) {
    if (state_->avail_in == 0 && !refill()) {
      throw Error({.who = "inflate",
                   .expected = fmt::format("the end of the compressed data in '{}'", name()),
                   .got = "the end of the file before it: it is truncated",
                   .hint = "fetching or writing it again"});
    }
    const size_t room = std::min<size_t>(into.size() - done, std::numeric_limits<uInt>::max());
    state_->next_out = reinterpret_cast<Bytef*>(into.data() + done);
    state_->avail_out = static_cast<uInt>(room);
    const int status = inflate(state_.get(), Z_NO_FLUSH);
    done += room - state_->avail_out;
    if (status == Z_STREAM_END) {
      const bool more = frame_ == Frame::gzip && (state_->avail_in > 0 || refill());
      ended_ = !more;
      if (more) inflateReset(state_.get());
    } else if (status != Z_OK && status != Z_BUF_ERROR) {
      throw Error({.who = "inflate",
                   .expected = fmt::format("compressed data in '{}'", name()),
                   .got = state_->msg != nullptr ? state_->msg : "data that zlib refuses",
                   .hint = "fetching or writing it again: it is damaged"});
    }
  }
  return done;
}

uint64_t InflateStream::at_most() const {
  if (ended_) return 0;
  const uint64_t bits_held = 16;  // zlib may hold a few bytes of input, and half of a match
  return (compressed_.at_most() + state_->avail_in + bits_held) * best_ratio;
}

}  // namespace isthmus::io
