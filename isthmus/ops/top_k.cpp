#include "isthmus/ops/top_k.hpp"

#include <span>

#include <fmt/format.h>

#include "isthmus/core/error.hpp"
#include "isthmus/kernels/top_k.hpp"
#include "isthmus/ops/fused.hpp"
#include "isthmus/ops/spans.hpp"

namespace isthmus::ops {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

Tensor keep(const Tensor& x, const Tensor& places) {
  const Tensor out = at::empty_like(x);
  kernels::keep_places(mutable_numbers(out), numbers(x), indices(places), x.size(0), x.size(1));
  return out;
}

Tensor places_of_largest(const Tensor& x, int64_t k) {
  const Tensor places = at::empty({x.size(0), k}, x.options().dtype(at::kInt));
  kernels::top_k({places.mutable_data_ptr<int32_t>(), static_cast<size_t>(places.numel())}, numbers(x),
                 x.size(0), x.size(1), k);
  return places;
}

struct KeepTopK : torch::autograd::Function<KeepTopK> {
  static Tensor forward(AutogradContext* context, const Tensor& x, int64_t k) {
    const Tensor places = places_of_largest(x, k);
    context->saved_data["places"] = places;
    return keep(x, places);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const Tensor places = context->saved_data["places"].toTensor();
    if (!at::GradMode::is_enabled()) return {keep(gradients[0].contiguous(), places), Tensor()};
    const Tensor columns = places.to(at::kLong);
    return {at::zeros_like(gradients[0]).scatter(1, columns, gradients[0].gather(1, columns)), Tensor()};
  }
};

}  // namespace

Tensor reference::keep_top_k(const Tensor& x, int64_t k) {
  const auto [values, places] = x.topk(k, 1, true, false);
  return at::zeros_like(x).scatter(1, places, values);
}

Tensor keep_top_k(const Tensor& x, int64_t k) {
  if (x.dim() != 2 || k < 1 || k > x.size(1))
    throw Error(
        {.who = "keep_top_k",
         .expected = "[rows, units], and k from 1 to units",
         .got = fmt::format("{} dimensions, {} units, k {}", x.dim(), x.dim() == 0 ? 0 : x.size(-1), k)});
  if (!eligible(x)) return reference::keep_top_k(x, k);
  if (!at::GradMode::is_enabled()) return keep(x, places_of_largest(x, k));
  return KeepTopK::apply(x, k);
}

Tensor places_kept(const Tensor& x) {
  const auto* made_by = dynamic_cast<torch::autograd::CppNode<KeepTopK>*>(x.grad_fn().get());
  return made_by == nullptr ? Tensor() : made_by->ctx_.saved_data.at("places").toTensor();
}

}  // namespace isthmus::ops
