#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace isthmus::io {

/// Base64 with padding (RFC 4648, section 4): what a data: URL in report.html holds.
std::string base64(std::span<const std::byte> bytes);

}  // namespace isthmus::io
