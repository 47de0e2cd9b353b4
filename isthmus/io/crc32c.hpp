#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace isthmus::io {

/// CRC-32C (Castagnoli, RFC 3720 B.4), a byte at a time.
inline uint32_t crc32c(std::span<const std::byte> bytes) {
  static constexpr auto table = [] {
    constexpr uint32_t reversed_polynomial = 0x82f63b78;
    std::array<uint32_t, 256> entries{};
    for (uint32_t i = 0; i < entries.size(); ++i) {
      uint32_t value = i;
      for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) != 0 ? reversed_polynomial : 0);
      entries[i] = value;
    }
    return entries;
  }();
  uint32_t crc = 0xffffffff;
  for (const std::byte byte : bytes) crc = table[(crc ^ static_cast<uint32_t>(byte)) & 0xff] ^ (crc >> 8);
  return ~crc;
}

}  // namespace isthmus::io
