#include "isthmus/io/idx.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "isthmus/core/error.hpp"
#include "isthmus/io/atomic_file.hpp"
#include "isthmus/io/bytes.hpp"
#include "isthmus/io/stream.hpp"

namespace isthmus::io {
namespace {

constexpr std::string_view who = "idx";
constexpr std::array<std::pair<uint8_t, DType>, 6> types{{{0x08, DType::u8},
                                                          {0x09, DType::i8},
                                                          {0x0b, DType::i16},
                                                          {0x0c, DType::i32},
                                                          {0x0d, DType::f32},
                                                          {0x0e, DType::f64}}};

bool is_gzip(const Input& input) {
  std::array<std::byte, 2> magic{};
  if (input.size() < magic.size()) return false;
  input.read_at(0, magic);
  return magic == std::array{std::byte{0x1f}, std::byte{0x8b}};
}

Array decode(Stream& stream) {
  std::array<std::byte, 4> magic{};
  stream.read_exactly(magic, who);
  const auto code = static_cast<uint8_t>(magic[2]);
  const auto type = std::ranges::find(types, code, &std::pair<uint8_t, DType>::first);
  if (load_big<uint16_t>(magic.data()) != 0 || type == types.end()) {
    throw Error({.who = who,
                 .expected = "the magic number of an idx file, such as 0x00000803",
                 .got = fmt::format("0x{:08x} in '{}'", load_big<uint32_t>(magic.data()), stream.name()),
                 .hint = "checking what the file is: neither idx nor gzip of idx"});
  }
  Array array{type->second, std::vector<int64_t>(static_cast<size_t>(magic[3])), {}};
  for (int64_t& dimension : array.shape) {
    std::array<std::byte, 4> bytes{};
    stream.read_exactly(bytes, who);
    dimension = load_big<uint32_t>(bytes.data());
  }
  const std::optional<int64_t> count = byte_count(array.dtype, array.shape);
  if (!count) {
    throw Error({.who = who,
                 .expected = "a shape that fits in memory",
                 .got = fmt::format("{} in '{}'", shape_text(array.shape), stream.name()),
                 .hint = "fetching or writing it again: its header is damaged"});
  }
  array.data = stream.read_rest(static_cast<uint64_t>(*count), who);
  swap_bytes(array.data, size_of(array.dtype));
  return array;
}

}  // namespace

Array read_idx(const std::filesystem::path& path) {
  return read_idx(FileInput(path));
}

Array read_idx(const Input& input) {
  SectionStream plain(input);
  if (!is_gzip(input)) return decode(plain);
  InflateStream inflated(plain, InflateStream::Frame::gzip);
  return decode(inflated);
}

void write_idx(const std::filesystem::path& path, const ArrayView& array) {
  check_whole(array, who);
  const auto type = std::ranges::find(types, array.dtype, &std::pair<uint8_t, DType>::second);
  if (type == types.end()) {
    throw Error({.who = who,
                 .expected = "u8, i8, i16, i32, f32 or f64",
                 .got = fmt::format("{}, which idx cannot hold", name_of(array.dtype)),
                 .hint = "npy"});
  }
  const auto too_long = [](int64_t d) { return d > std::numeric_limits<uint32_t>::max(); };
  if (array.shape.size() > 255 || std::ranges::any_of(array.shape, too_long)) {
    throw Error({.who = who,
                 .expected = "at most 255 dimensions, none over 4294967295",
                 .got = shape_text(array.shape),
                 .hint = "npy"});
  }
  std::string header{'\0', '\0', static_cast<char>(type->first), static_cast<char>(array.shape.size())};
  for (const int64_t dimension : array.shape) append_big(header, static_cast<uint32_t>(dimension));

  AtomicFile file(path);
  file.write(header);
  std::vector<std::byte> block;
  constexpr size_t block_size = 1 << 20;
  for (size_t at = 0; at < array.data.size(); at += block_size) {
    const auto part = array.data.subspan(at, std::min(block_size, array.data.size() - at));
    block.assign(part.begin(), part.end());
    swap_bytes(block, size_of(array.dtype));
    file.write(block);
  }
  file.commit();
}

}  // namespace isthmus::io
