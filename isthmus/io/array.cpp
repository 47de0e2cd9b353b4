#include "isthmus/io/array.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "isthmus/core/error.hpp"

namespace isthmus::io {

std::string_view name_of(DType dtype) {
  switch (dtype) {
    case DType::boolean:
      return "bool";
    case DType::u8:
      return "u8";
    case DType::i8:
      return "i8";
    case DType::i16:
      return "i16";
    case DType::i32:
      return "i32";
    case DType::i64:
      return "i64";
    case DType::f16:
      return "f16";
    case DType::bf16:
      return "bf16";
    case DType::f32:
      return "f32";
    case DType::f64:
      return "f64";
  }
  return "unknown";
}

size_t size_of(DType dtype) {
  switch (dtype) {
    case DType::boolean:
    case DType::u8:
    case DType::i8:
      return 1;
    case DType::i16:
    case DType::f16:
    case DType::bf16:
      return 2;
    case DType::i32:
    case DType::f32:
      return 4;
    case DType::i64:
    case DType::f64:
      return 8;
  }
  return 1;
}

std::optional<int64_t> byte_count(DType dtype, std::span<const int64_t> shape) {
  auto bytes = static_cast<int64_t>(size_of(dtype));
  if (std::ranges::any_of(shape, [](int64_t dimension) { return dimension < 0; })) return std::nullopt;
  // A zero anywhere empties the array, however large its other dimensions are.
  if (std::ranges::find(shape, 0) != shape.end()) return 0;
  for (const int64_t dimension : shape)
    if (__builtin_mul_overflow(bytes, dimension, &bytes)) return std::nullopt;
  return bytes;
}

std::string shape_text(std::span<const int64_t> shape) {
  return shape.empty() ? "scalar" : fmt::format("{}", fmt::join(shape, "x"));
}

void check_whole(const ArrayView& array, std::string_view who) {
  const std::optional<int64_t> bytes = byte_count(array.dtype, array.shape);
  if (bytes && static_cast<uint64_t>(*bytes) == array.data.size()) return;
  throw Error({.who = who,
               .expected = fmt::format("the bytes of a {} array of shape {}", name_of(array.dtype),
                                       shape_text(array.shape)),
               .got = fmt::format("{} bytes", array.data.size())});
}

void check_booleans(const ArrayView& array, std::string_view who) {
  if (array.dtype != DType::boolean) return;
  const auto odd = std::ranges::find_if(array.data, [](std::byte b) { return b > std::byte{1}; });
  if (odd == array.data.end()) return;
  throw Error({.who = who,
               .expected = "0 or 1 in an array of booleans",
               .got = fmt::format("{}", static_cast<int>(*odd)),
               .hint = "writing it as u8"});
}

void Array::check(DType wanted) const {
  if (wanted != dtype) {
    throw Error({.who = "array",
                 .expected = fmt::format("elements of type {}", name_of(wanted)),
                 .got = std::string(name_of(dtype))});
  }
  check_whole(*this, "array");
  check_booleans(*this, "array");
}

}  // namespace isthmus::io
