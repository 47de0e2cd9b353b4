#pragma once

#include <string>
#include <string_view>

namespace isthmus {

inline constexpr std::string_view version = "0.1.0";

/// "2.13.0"
std::string torch_version();

}  // namespace isthmus
