#pragma once

#include <string>

#include "isthmus/core/model.hpp"

namespace isthmus::ops {

/// "3x4": the shape of a tensor, for an Error.
inline std::string shape_text(const Tensor& t) {
  return isthmus::shape_text(Shape(t.sizes().begin(), t.sizes().end()));
}

}  // namespace isthmus::ops
