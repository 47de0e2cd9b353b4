#include "isthmus/io/npy.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "isthmus/core/error.hpp"
#include "isthmus/io/atomic_file.hpp"
#include "isthmus/io/bytes.hpp"

namespace isthmus::io {
namespace {

constexpr std::string_view who = "npy";
constexpr std::string_view magic = "\x93NUMPY";
constexpr std::array<std::pair<std::string_view, DType>, 9> types{{{"b1", DType::boolean},
                                                                   {"u1", DType::u8},
                                                                   {"i1", DType::i8},
                                                                   {"i2", DType::i16},
                                                                   {"i4", DType::i32},
                                                                   {"i8", DType::i64},
                                                                   {"f2", DType::f16},
                                                                   {"f4", DType::f32},
                                                                   {"f8", DType::f64}}};

struct Header {
  std::string descr;
  bool fortran_order = false;
  std::vector<int64_t> shape;
};

/// The header is the text of a Python dict with three known keys; this reads that much Python and no more.
class HeaderParser {
 public:
  HeaderParser(std::string_view text, const std::string& name) : text_(text), name_(name) {}

  Header parse() {
    Header header;
    bool has_descr = false;
    bool has_order = false;
    bool has_shape = false;
    need('{');
    while (!take('}')) {
      const std::string key = quoted();
      need(':');
      if (key == "descr" && !std::exchange(has_descr, true)) {
        header.descr = descr();
      } else if (key == "fortran_order" && !std::exchange(has_order, true)) {
        header.fortran_order = boolean();
      } else if (key == "shape" && !std::exchange(has_shape, true)) {
        header.shape = tuple();
      } else {
        refuse(fmt::format("a second or unknown key '{}'", key));
      }
      if (take('}')) break;
      need(',');
    }
    skip_space();
    if (at_ != text_.size()) refuse("text after the dict");
    if (!has_descr || !has_order || !has_shape) refuse("a dict without all three");
    return header;
  }

 private:
  [[noreturn]] void refuse(const std::string& got) const {
    throw Error({.who = who,
                 .expected = "a header with 'descr', 'fortran_order' and 'shape'",
                 .got = fmt::format("{} in '{}'", got, name_),
                 .hint = "writing it again with numpy.save"});
  }

  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t')) ++at_;
  }

  bool take(char wanted) {
    skip_space();
    if (at_ >= text_.size() || text_[at_] != wanted) return false;
    ++at_;
    return true;
  }

  void need(char wanted) {
    if (!take(wanted)) refuse(fmt::format("no '{}' at column {}", wanted, at_));
  }

  bool take_word(std::string_view word) {
    skip_space();
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }

  std::string quoted() {
    const char quote = take('\'') ? '\'' : '"';
    if (quote == '"') need('"');
    const size_t end = text_.find(quote, at_);
    if (end == std::string_view::npos) refuse("a string without an end");
    std::string word(text_.substr(at_, end - at_));
    at_ = end + 1;
    return word;
  }

  std::string descr() {
    skip_space();
    if (at_ < text_.size() && text_[at_] == '[') refuse("a structured type");
    return quoted();
  }

  bool boolean() {
    if (take_word("True")) return true;
    if (take_word("False")) return false;
    refuse("neither True nor False");
  }

  std::vector<int64_t> tuple() {
    std::vector<int64_t> numbers;
    need('(');
    while (!take(')')) {
      skip_space();
      int64_t number = -1;
      const char* const begin = text_.data() + at_;
      const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), number);
      if (error != std::errc{} || number < 0) refuse("a dimension that is no count");
      at_ += static_cast<size_t>(end - begin);
      take('L');  // Python 2 wrote its long integers so
      numbers.push_back(number);
      if (take(')')) break;
      need(',');
    }
    return numbers;
  }

  std::string_view text_;
  const std::string& name_;
  size_t at_ = 0;
};

struct Type {
  DType dtype;
  bool big_endian;
};

Type type_of(const std::string& descr, const std::string& name) {
  const bool has_order = !descr.empty() && std::string_view("<>|=").find(descr[0]) != std::string_view::npos;
  const auto found = std::ranges::find(types, std::string_view(descr).substr(has_order),
                                       &std::pair<std::string_view, DType>::first);
  if (has_order && found != types.end()) return {found->second, descr[0] == '>'};
  throw Error({.who = who,
               .expected = "numbers of type b1, u1, i1, i2, i4, i8, f2, f4 or f8",
               .got = fmt::format("'{}' in '{}'", descr, name),
               .hint = descr.ends_with('O') ? "saving numbers: pickled objects are never read"
                                            : "array.astype('f4') or astype('i8') before numpy.save"});
}

/// Fortran order runs through the first index fastest, C order through the last. The output is written in
/// order; the input is walked with strides.
std::vector<std::byte> c_order(std::span<const std::byte> data, std::span<const int64_t> shape,
                               size_t width) {
  std::vector<std::byte> result(data.size());
  const size_t rank = shape.size();
  std::vector<size_t> stride(rank, width);
  for (size_t i = 1; i < rank; ++i) stride[i] = stride[i - 1] * static_cast<size_t>(shape[i - 1]);
  std::vector<int64_t> index(rank, 0);
  size_t from = 0;
  for (size_t to = 0; to < result.size(); to += width) {
    std::memcpy(result.data() + to, data.data() + from, width);
    for (size_t i = rank; i-- > 0;) {
      from += stride[i];
      if (++index[i] < shape[i]) break;
      from -= stride[i] * static_cast<size_t>(shape[i]);
      index[i] = 0;
    }
  }
  return result;
}

std::string read_header(Stream& stream) {
  std::array<std::byte, magic.size() + 2> start{};
  stream.read_exactly(start, who);
  if (as_text(start).substr(0, magic.size()) != magic) {
    throw Error({.who = who,
                 .expected = "a file that starts with \\x93NUMPY",
                 .got = fmt::format("other bytes in '{}'", stream.name()),
                 .hint = "writing it with numpy.save"});
  }
  const int version = static_cast<int>(start[magic.size()]);
  if (version < 1 || version > 3) {
    throw Error({.who = who,
                 .expected = "version 1, 2 or 3",
                 .got = fmt::format("version {} in '{}'", version, stream.name())});
  }
  std::array<std::byte, 4> length{};
  stream.read_exactly(std::span(length).first(version == 1 ? 2 : 4), who);
  const uint32_t count = load_little<uint32_t>(length.data());
  constexpr uint32_t longest = 1 << 16;  // numpy's own reader stops at 10,000
  if (count > longest) {
    throw Error({.who = who,
                 .expected = fmt::format("a header of at most {} bytes", longest),
                 .got = fmt::format("{} in '{}'", count, stream.name()),
                 .hint = "fetching or writing it again: its header is damaged"});
  }
  std::string text(count, '\0');
  stream.read_exactly(std::as_writable_bytes(std::span(text)), who);
  return text;
}

}  // namespace

Array read_npy(const std::filesystem::path& path) {
  return read_npy(FileInput(path));
}

Array read_npy(const Input& input) {
  SectionStream stream(input);
  return read_npy(stream);
}

Array read_npy(Stream& stream) {
  const std::string text = read_header(stream);
  const Header header = HeaderParser(text, stream.name()).parse();
  const Type type = type_of(header.descr, stream.name());
  const std::optional<int64_t> count = byte_count(type.dtype, header.shape);
  if (!count) {
    throw Error({.who = who,
                 .expected = "a shape that fits in memory",
                 .got = fmt::format("{} in '{}'", shape_text(header.shape), stream.name()),
                 .hint = "fetching or writing it again: its header is damaged"});
  }
  Array array{type.dtype, header.shape, stream.read_rest(static_cast<uint64_t>(*count), who)};
  if (type.big_endian) swap_bytes(array.data, size_of(type.dtype));
  if (header.fortran_order && array.shape.size() > 1)
    array.data = c_order(array.data, array.shape, size_of(type.dtype));
  check_booleans(array, who);
  return array;
}

std::string npy_header(const ArrayView& array) {
  check_whole(array, who);
  const auto type = std::ranges::find(types, array.dtype, &std::pair<std::string_view, DType>::second);
  if (type == types.end()) {
    throw Error({.who = who,
                 .expected = "a type that numpy has",
                 .got = std::string(name_of(array.dtype)),
                 .hint = "converting it to f32, or safetensors"});
  }
  const char* const alone = array.shape.size() == 1 ? "," : "";  // Python's tuple of one is "(3,)"
  const char order = size_of(array.dtype) == 1 ? '|' : '<';
  std::string dict = fmt::format("{{'descr': '{}{}', 'fortran_order': False, 'shape': ({}{}), }}", order,
                                 type->first, fmt::join(array.shape, ", "), alone);
  constexpr size_t prefix = magic.size() + 4;
  const size_t total = (prefix + dict.size() + 1 + 63) / 64 * 64;  // so that the data is aligned for mmap
  dict.append(total - prefix - dict.size() - 1, ' ');
  dict.push_back('\n');
  if (dict.size() > 0xffff) {
    throw Error({.who = who, .expected = "fewer dimensions", .got = fmt::format("{}", array.shape.size())});
  }
  std::string header(magic);
  header += {'\x01', '\x00'};
  append_little(header, static_cast<uint16_t>(dict.size()));
  return header + dict;
}

void write_npy(const std::filesystem::path& path, const ArrayView& array) {
  const std::string header = npy_header(array);
  AtomicFile file(path);
  file.write(header);
  file.write(array.data);
  file.commit();
}

}  // namespace isthmus::io
