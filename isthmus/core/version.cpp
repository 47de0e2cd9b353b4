#include "isthmus/core/version.hpp"

#include <torch/version.h>

namespace isthmus {

std::string torch_version() {
  return TORCH_VERSION;
}

}  // namespace isthmus
