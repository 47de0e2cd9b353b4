#include "isthmus/io/safetensors.hpp"

#include <algorithm>
#include <array>
#include <ranges>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "isthmus/core/error.hpp"
#include "isthmus/io/atomic_file.hpp"
#include "isthmus/io/bytes.hpp"

namespace isthmus::io {
namespace {

using nlohmann::json;

constexpr std::string_view who = "safetensors";
constexpr std::string_view metadata_key = "__metadata__";
constexpr uint64_t longest_header = 100'000'000;  // the format's own limit
constexpr std::array<std::pair<std::string_view, DType>, 10> types{{{"BOOL", DType::boolean},
                                                                    {"U8", DType::u8},
                                                                    {"I8", DType::i8},
                                                                    {"I16", DType::i16},
                                                                    {"I32", DType::i32},
                                                                    {"I64", DType::i64},
                                                                    {"F16", DType::f16},
                                                                    {"BF16", DType::bf16},
                                                                    {"F32", DType::f32},
                                                                    {"F64", DType::f64}}};

[[noreturn]] void refuse(const std::string& expected, const std::string& got, const Input& input) {
  throw Error({.who = who,
               .expected = expected,
               .got = fmt::format("{} in '{}'", got, input.name()),
               .hint = "fetching or writing it again: it is truncated, damaged or no safetensors file"});
}

std::string read_header(const Input& input) {
  if (input.size() < sizeof(uint64_t)) refuse("8 bytes that say how long the header is", "fewer", input);
  const uint64_t length = load_little<uint64_t>(input.bytes_at(0, sizeof(uint64_t)).data());
  const uint64_t most = std::min(longest_header, input.size() - sizeof(uint64_t));
  if (length > most)
    refuse(fmt::format("a header of at most {} bytes", most), fmt::format("{}", length), input);
  std::string text(length, '\0');
  input.read_at(sizeof(uint64_t), std::as_writable_bytes(std::span(text)));
  return text;
}

json parse_header(const std::string& text, const Input& input) {
  std::set<std::string> names;
  std::string twice;
  const auto watch = [&](int depth, json::parse_event_t event, json& value) {
    if (event == json::parse_event_t::key && depth == 1 && !names.insert(value.get<std::string>()).second)
      twice = value.get<std::string>();
    return true;
  };
  json header = json::parse(text, watch, /*allow_exceptions=*/false);
  if (!header.is_object()) refuse("a JSON object as header", "something else", input);
  if (!twice.empty()) refuse("each name once", fmt::format("'{}' twice", twice), input);
  return header;
}

/// A list of numbers that are whole and not negative.
template <class T>
std::vector<T> counts(const json& value, const std::string& name, const Input& input) {
  std::vector<T> numbers;
  const bool whole = value.is_array() && std::ranges::all_of(value, [](const json& element) {
                       return element.is_number_unsigned() && std::in_range<T>(element.get<uint64_t>());
                     });
  if (!whole)
    refuse(fmt::format("lists of counts as shape and offsets of '{}'", name), "something else", input);
  for (const json& element : value) numbers.push_back(static_cast<T>(element.get<uint64_t>()));
  return numbers;
}

Safetensors::Entry parse_entry(const std::string& name, const json& value, const Input& input) {
  if (!value.is_object() || value.size() != 3 || !value.contains("dtype") || !value.contains("shape") ||
      !value.contains("data_offsets") || !value["dtype"].is_string())
    refuse(fmt::format("dtype, shape and data_offsets of '{}'", name), "something else", input);
  const auto& type_name = value["dtype"].get_ref<const std::string&>();
  const auto type = std::ranges::find(types, type_name, &std::pair<std::string_view, DType>::first);
  if (type == types.end()) {
    throw Error({.who = who,
                 .expected = fmt::format("a dtype of {}", fmt::join(types | std::views::keys, ", ")),
                 .got = fmt::format("'{}' for '{}' in '{}'", type_name, name, input.name()),
                 .hint = "converting it before it is saved"});
  }
  const auto shape = counts<int64_t>(value["shape"], name, input);
  const auto offsets = counts<uint64_t>(value["data_offsets"], name, input);
  const std::optional<int64_t> bytes = byte_count(type->second, shape);
  if (offsets.size() != 2 || offsets[0] > offsets[1] || !bytes ||
      offsets[1] - offsets[0] != static_cast<uint64_t>(*bytes)) {
    refuse(fmt::format("offsets of '{}' that fit a {} of shape {}", name, type_name, shape_text(shape)),
           fmt::format("[{}]", fmt::join(offsets, ", ")), input);
  }
  return {type->second, shape, offsets[0], offsets[1]};
}

std::map<std::string, std::string> parse_metadata(const json& value, const Input& input) {
  std::map<std::string, std::string> metadata;
  if (!value.is_object()) refuse("a JSON object as __metadata__", "something else", input);
  for (const auto& [key, text] : value.items()) {
    if (!text.is_string())
      refuse(fmt::format("a string as '{}' of __metadata__", key), "something else", input);
    metadata.emplace(key, text.get<std::string>());
  }
  return metadata;
}

std::string quoted(const std::string& text) {
  try {
    return json(text).dump();
  } catch (const json::exception&) {
    throw Error({.who = who, .expected = "names and metadata in UTF-8", .got = "other bytes"});
  }
}

}  // namespace

Safetensors::Safetensors(const std::filesystem::path& path)
    : Safetensors(std::make_unique<FileInput>(path)) {}

Safetensors::Safetensors(std::unique_ptr<const Input> input) : input_(std::move(input)) {
  const std::string text = read_header(*input_);
  data_offset_ = sizeof(uint64_t) + text.size();
  const json header = parse_header(text, *input_);
  for (const auto& [name, value] : header.items()) {
    if (name == metadata_key) {
      metadata_ = parse_metadata(value, *input_);
    } else {
      entries_.emplace(name, parse_entry(name, value, *input_));
    }
  }
  check_layout(input_->size() - data_offset_);
}

void Safetensors::check_layout(uint64_t data_size) const {
  std::vector<std::pair<uint64_t, uint64_t>> spans;
  for (const auto& [name, entry] : entries_) spans.emplace_back(entry.begin, entry.end);
  std::ranges::sort(spans);
  uint64_t reached = 0;
  for (const auto& [begin, end] : spans) {
    if (begin != reached)
      refuse(fmt::format("the next array at byte {}", reached),
             fmt::format("byte {}: a gap or overlap", begin), *input_);
    reached = end;
  }
  if (reached != data_size)
    refuse(fmt::format("{} bytes of arrays", reached), fmt::format("{}", data_size), *input_);
}

Array Safetensors::read(const std::string& name) const {
  const auto found = entries_.find(name);
  if (found == entries_.end()) {
    std::vector<std::string> names;
    for (const auto& [known, entry] : entries_) names.push_back(known);
    throw unknown_name(who, fmt::format("array of '{}'", input_->name()), name, names);
  }
  const Entry& entry = found->second;
  Array array{entry.dtype, entry.shape,
              input_->bytes_at(data_offset_ + entry.begin, entry.end - entry.begin)};
  check_booleans(array, who);
  return array;
}

std::map<std::string, Array> Safetensors::read_all() const {
  std::map<std::string, Array> arrays;
  for (const auto& [name, entry] : entries_) arrays.emplace(name, read(name));
  return arrays;
}

void write_safetensors(const std::filesystem::path& path, const std::map<std::string, ArrayView>& arrays,
                       const std::map<std::string, std::string>& metadata) {
  std::vector<const std::pair<const std::string, ArrayView>*> order;
  for (const auto& named : arrays) {
    check_whole(named.second, who);
    if (named.first == metadata_key)
      throw Error(
          {.who = who, .expected = "the name of an array", .got = "'__metadata__', which is reserved"});
    order.push_back(&named);
  }
  std::ranges::sort(order, [](const auto* a, const auto* b) {
    return std::pair(size_of(b->second.dtype), std::string_view(a->first)) <
           std::pair(size_of(a->second.dtype), std::string_view(b->first));
  });

  std::vector<std::string> members;
  if (!metadata.empty()) {
    std::vector<std::string> lines;
    for (const auto& [key, text] : metadata) lines.push_back(fmt::format("{}:{}", quoted(key), quoted(text)));
    members.push_back(fmt::format("\"{}\":{{{}}}", metadata_key, fmt::join(lines, ",")));
  }
  uint64_t offset = 0;
  for (const auto* const named : order) {
    const auto& [name, array] = *named;
    const auto type = std::ranges::find(types, array.dtype, &std::pair<std::string_view, DType>::second);
    members.push_back(fmt::format(R"({}:{{"dtype":"{}","shape":[{}],"data_offsets":[{},{}]}})", quoted(name),
                                  type->first, fmt::join(array.shape, ","), offset,
                                  offset + array.data.size()));
    offset += array.data.size();
  }
  std::string header = fmt::format("{{{}}}", fmt::join(members, ","));
  header.append((8 - header.size() % 8) % 8, ' ');  // so that the arrays start at a multiple of 8
  std::string length;
  append_little(length, uint64_t{header.size()});

  AtomicFile file(path);
  file.write(length + header);
  for (const auto* const named : order) file.write(named->second.data);
  file.commit();
}

}  // namespace isthmus::io
