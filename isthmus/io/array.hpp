#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace isthmus::io {

/// Types of an element, named as safetensors names them in small letters.
enum class DType : uint8_t { boolean, u8, i8, i16, i32, i64, f16, bf16, f32, f64 };

std::string_view name_of(DType dtype);

/// Bytes of one element.
size_t size_of(DType dtype);

/// Half-precision numbers are carried, not calculated with.
struct Float16 {
  uint16_t bits;
  bool operator==(const Float16&) const = default;
};
struct BFloat16 {
  uint16_t bits;
  bool operator==(const BFloat16&) const = default;
};

template <class T>
inline constexpr DType dtype_of = [] { static_assert(sizeof(T) == 0, "no DType for this type"); }();
template <>
inline constexpr DType dtype_of<bool> = DType::boolean;
template <>
inline constexpr DType dtype_of<uint8_t> = DType::u8;
template <>
inline constexpr DType dtype_of<int8_t> = DType::i8;
template <>
inline constexpr DType dtype_of<int16_t> = DType::i16;
template <>
inline constexpr DType dtype_of<int32_t> = DType::i32;
template <>
inline constexpr DType dtype_of<int64_t> = DType::i64;
template <>
inline constexpr DType dtype_of<Float16> = DType::f16;
template <>
inline constexpr DType dtype_of<BFloat16> = DType::bf16;
template <>
inline constexpr DType dtype_of<float> = DType::f32;
template <>
inline constexpr DType dtype_of<double> = DType::f64;

/// Bytes of an array of this shape (1 element where the shape is empty: a scalar); nothing where a dimension
/// is negative or the product leaves int64.
std::optional<int64_t> byte_count(DType dtype, std::span<const int64_t> shape);

/// "60000x28x28"; "scalar" for the empty shape.
std::string shape_text(std::span<const int64_t> shape);

/// What the formats exchange with the rest of the library, so that they need no torch. C order, native byte
/// order.
struct Array {
  DType dtype = DType::f32;
  std::vector<int64_t> shape;
  std::vector<std::byte> data;

  int64_t elements() const { return static_cast<int64_t>(data.size() / size_of(dtype)); }

  /// The elements as T. Throws Error when T is not what `dtype` says, or `data` is not what `shape` says.
  template <class T>
  std::span<const T> as() const {
    check(dtype_of<T>);
    return {reinterpret_cast<const T*>(data.data()), data.size() / sizeof(T)};
  }
  template <class T>
  std::span<T> as() {
    check(dtype_of<T>);
    return {reinterpret_cast<T*>(data.data()), data.size() / sizeof(T)};
  }

  bool operator==(const Array&) const = default;

 private:
  void check(DType wanted) const;
};

/// An array whose bytes somebody else owns (a torch tensor, say): what the writers take, so that none copies.
struct ArrayView {
  DType dtype;
  std::vector<int64_t> shape;
  std::span<const std::byte> data;

  ArrayView(DType type, std::vector<int64_t> dimensions, std::span<const std::byte> bytes)
      : dtype(type), shape(std::move(dimensions)), data(bytes) {}
  ArrayView(
      const Array& array)  // NOLINT(google-explicit-constructor): an Array may stand wherever a view may
      : dtype(array.dtype), shape(array.shape), data(array.data) {}
};

/// Throws Error, as `who`, unless the bytes of `array` are as many as its shape and dtype say.
void check_whole(const ArrayView& array, std::string_view who);

/// Throws Error, as `who`, when an array of booleans holds a byte other than 0 and 1: C++ may not look at
/// such a bool.
void check_booleans(const ArrayView& array, std::string_view who);

/// Copies `values`. Throws Error unless they are as many as `shape` says.
template <class T>
Array make_array(std::span<const T> values, std::vector<int64_t> shape) {
  const auto bytes = std::as_bytes(values);
  Array array{dtype_of<T>, std::move(shape), {bytes.begin(), bytes.end()}};
  check_whole(array, "array");
  return array;
}
template <class T>
Array make_array(const std::vector<T>& values, std::vector<int64_t> shape) {
  return make_array(std::span<const T>(values), std::move(shape));
}

}  // namespace isthmus::io
