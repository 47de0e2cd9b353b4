#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include <zlib.h>

// What reading and writing a zip archive have in common (APPNOTE 6.3). For npz.cpp and npz_write.cpp alone.
namespace isthmus::io::zip {

inline constexpr uint32_t local_signature = 0x04034b50;
inline constexpr uint32_t member_signature = 0x02014b50;
inline constexpr uint32_t end_signature = 0x06054b50;
inline constexpr uint32_t end64_signature = 0x06064b50;
inline constexpr uint32_t locator64_signature = 0x07064b50;
inline constexpr size_t local_size = 30;
inline constexpr size_t member_size = 46;
inline constexpr size_t end_size = 22;
inline constexpr size_t end64_size = 56;
inline constexpr size_t locator64_size = 20;
inline constexpr uint16_t stored_method = 0;
inline constexpr uint16_t deflated_method = 8;
inline constexpr uint16_t zip64_extra = 0x0001;
inline constexpr uint32_t in_zip64 = 0xffffffff;  // "look in the zip64 record"

inline constexpr std::string_view npy_suffix = ".npy";

/// CRC-32 of all bytes so far and these. (zlib starts anew when it is handed the null pointer of an empty
/// span.)
inline uint32_t extend_checksum(uint32_t checksum, std::span<const std::byte> bytes) {
  if (bytes.empty()) return checksum;
  return static_cast<uint32_t>(crc32_z(checksum, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

}  // namespace isthmus::io::zip
