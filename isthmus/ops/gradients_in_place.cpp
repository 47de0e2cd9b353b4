#include "isthmus/ops/gradients_in_place.hpp"

#include "isthmus/ops/fused.hpp"

namespace isthmus::ops {
namespace {

thread_local bool in_place = false;

/// The grad() of a parameter when it can be added to; undefined when not.
Tensor held_by(const Tensor& parameter) {
  if (!parameter.is_leaf() || !parameter.requires_grad()) return {};
  const Tensor& gradient = parameter.grad();
  return gradient.defined() && eligible(gradient) ? gradient : Tensor();
}

}  // namespace

GradientsInPlace::GradientsInPlace() : before_(in_place) {
  in_place = true;
}

GradientsInPlace::~GradientsInPlace() {
  in_place = before_;
}

Tensor place_of_gradient(const Tensor& weight) {
  if (!in_place) return {};
  if (!weight.is_view() || weight.is_leaf()) return held_by(weight);
  if (weight.dim() != 2) return {};
  const Tensor parameter(weight._base());
  const bool transposed = parameter.dim() == 2 && weight.data_ptr() == parameter.data_ptr() &&
                          weight.size(0) == parameter.size(1) && weight.size(1) == parameter.size(0) &&
                          weight.stride(0) == parameter.stride(1) && weight.stride(1) == parameter.stride(0);
  const Tensor gradient = transposed ? held_by(parameter) : Tensor();
  return gradient.defined() ? gradient.t() : Tensor();
}

}  // namespace isthmus::ops
