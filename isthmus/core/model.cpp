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

Shape batch_shape(int64_t n, Shape shape) {
  shape.insert(shape.begin(), n);
  return shape;
}

Batch Batch::to(at::Device device) const {
  if (x.device() == device) return *this;
  return {.x = x.to(device), .labels = labels.defined() ? labels.to(device) : labels};
}

at::Device device_of(const Model& model) {
  const auto parameters = model.parameters();
  return parameters.empty() ? at::Device(at::kCPU) : parameters.front().device();
}

}  // namespace isthmus
