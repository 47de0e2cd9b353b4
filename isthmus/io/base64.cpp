#include "isthmus/io/base64.hpp"

#include <cstdint>
#include <string_view>

namespace isthmus::io {

std::string base64(std::span<const std::byte> bytes) {
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t at = 0; at < bytes.size(); at += 3) {
    uint32_t group = 0;
    for (size_t i = 0; i < 3; ++i)
      group = (group << 8) | (at + i < bytes.size() ? static_cast<uint32_t>(bytes[at + i]) : 0);
    const size_t letters = bytes.size() - at < 3 ? bytes.size() - at + 1 : 4;
    for (size_t i = 0; i < 4; ++i) text.push_back(i < letters ? alphabet[(group >> (18 - 6 * i)) & 63] : '=');
  }
  return text;
}

}  // namespace isthmus::io
