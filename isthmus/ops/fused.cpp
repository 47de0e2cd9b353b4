#include "isthmus/ops/fused.hpp"

#include <cstdlib>
#include <string_view>

namespace isthmus::ops {

bool fused_paths_allowed() {
  static const bool allowed = [] {
    const char* wish = std::getenv("ISTHMUS_REFERENCE");
    return wish == nullptr || std::string_view(wish) != "1";
  }();
  return allowed;
}

}  // namespace isthmus::ops
