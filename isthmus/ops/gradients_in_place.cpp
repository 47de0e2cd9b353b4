#include "isthmus/ops/gradients_in_place.hpp"

#include "isthmus/core/error.hpp"
#include "isthmus/ops/fused.hpp"

namespace isthmus::ops {
namespace {

thread_local GradientsInPlace* current = nullptr;

}  // namespace

GradientsInPlace::GradientsInPlace(std::span<const Tensor> parameters)
    : parameters_(parameters.begin(), parameters.end()), before_(current) {
  places_.reserve(parameters_.size());
  for (const Tensor& parameter : parameters_) {
    const auto [entry, is_new] = places_.try_emplace(parameter.unsafeGetTensorImpl());
    entry->second.memory = parameter.grad();
    if (!is_new || !parameter.grad().defined())
      throw Error({.who = "GradientsInPlace",
                   .expected = "parameters that have a grad(), each once",
                   .got = is_new ? "one without, perhaps of a scope around this one" : "one twice"});
  }
  for (const Tensor& parameter : parameters_) parameter.mutable_grad().reset();
  current = this;
}

GradientsInPlace::~GradientsInPlace() {
  end();
}

void GradientsInPlace::end() {
  if (ended_) return;
  ended_ = true;
  current = before_;
  for (const Tensor& parameter : parameters_)
    parameter.mutable_grad() = places_[parameter.unsafeGetTensorImpl()].memory;
}

void GradientsInPlace::finish() {
  if (ended_) return;
  const at::NoGradGuard no_grad;
  for (const Tensor& parameter : parameters_) {
    const GradientPlace& place = places_[parameter.unsafeGetTensorImpl()];
    if (const Tensor& by_autograd = parameter.grad(); by_autograd.defined())
      put(place, by_autograd);
    else
      cleared(place);
  }
  end();
}

GradientPlace take_place(const Tensor& weight) {
  if (current == nullptr) return {};
  const auto held_by = [](const Tensor& parameter) -> GradientPlace {
    const auto found = current->places_.find(parameter.unsafeGetTensorImpl());
    if (found == current->places_.end() || !eligible(found->second.memory)) return {};
    const GradientPlace place = found->second;
    found->second.holds = true;
    return place;
  };
  if (!weight.is_view() || weight.is_leaf()) return held_by(weight);
  if (weight.dim() != 2) return {};
  const Tensor parameter(weight._base());
  const bool transposed = parameter.dim() == 2 && weight.data_ptr() == parameter.data_ptr() &&
                          weight.size(0) == parameter.size(1) && weight.size(1) == parameter.size(0) &&
                          weight.stride(0) == parameter.stride(1) && weight.stride(1) == parameter.stride(0);
  if (!transposed) return {};
  const GradientPlace place = held_by(parameter);
  return place ? GradientPlace{place.memory.t(), place.holds} : GradientPlace();
}

void put(const GradientPlace& place, const Tensor& gradient) {
  if (place.holds)
    place.memory.add_(gradient);
  else
    place.memory.copy_(gradient);
}

const Tensor& cleared(const GradientPlace& place) {
  if (!place.holds) place.memory.zero_();
  return place.memory;
}

}  // namespace isthmus::ops
