#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace isthmus::io {

static_assert(std::endian::native == std::endian::little, "the formats are read as a little-endian machine");

/// The integer that starts at `from`, least significant byte first.
template <std::integral T>
T load_little(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof(T));
  return value;
}

/// The integer that starts at `from`, most significant byte first.
template <std::integral T>
T load_big(const std::byte* from) {
  T value = 0;
  for (size_t i = 0; i < sizeof(T); ++i) value = static_cast<T>((value << 8) | static_cast<T>(from[i]));
  return value;
}

/// Appends a number as it lies in memory: least significant byte first.
template <class T>
  requires std::is_arithmetic_v<T>
void append_little(std::string& to, T value) {
  char bytes[sizeof(T)];
  std::memcpy(bytes, &value, sizeof(T));
  to.append(bytes, sizeof(T));
}

template <std::integral T>
void append_big(std::string& to, T value) {
  for (size_t i = sizeof(T); i-- > 0;) to.push_back(static_cast<char>((value >> (8 * i)) & 0xff));
}

/// Turns the byte order of each `width` bytes round, in place.
inline void swap_bytes(std::span<std::byte> bytes, size_t width) {
  const auto swap_each = [&]<class T>(T, auto swap) {
    for (size_t at = 0; at + sizeof(T) <= bytes.size(); at += sizeof(T)) {
      T value;
      std::memcpy(&value, bytes.data() + at, sizeof(T));
      value = swap(value);
      std::memcpy(bytes.data() + at, &value, sizeof(T));
    }
  };
  if (width == 2) swap_each(uint16_t{}, [](uint16_t v) { return __builtin_bswap16(v); });
  if (width == 4) swap_each(uint32_t{}, [](uint32_t v) { return __builtin_bswap32(v); });
  if (width == 8) swap_each(uint64_t{}, [](uint64_t v) { return __builtin_bswap64(v); });
}

inline std::span<const std::byte> as_bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

inline std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace isthmus::io
