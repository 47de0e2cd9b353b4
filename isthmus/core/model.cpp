#include "isthmus/core/model.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace isthmus {

int64_t elements(const Shape& shape) {
  int64_t product = 1;
  for (const int64_t size : shape) product *= size;
  return product;
}

std::string shape_text(const Shape& shape) {
  return fmt::format("{}", fmt::join(shape, "x"));
}

}  // namespace isthmus
