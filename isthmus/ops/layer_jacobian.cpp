#include "isthmus/ops/layer_jacobian.hpp"

#include "isthmus/kernels/contraction.hpp"
#include "isthmus/ops/fused.hpp"
#include "isthmus/ops/gradients_in_place.hpp"
#include "isthmus/ops/spans.hpp"

namespace isthmus::ops {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

Tensor squares_of_rows(const Tensor& weight) {
  const Tensor norms = at::empty({weight.size(0)}, weight.options());
  kernels::row_squares(mutable_numbers(norms), numbers(weight), weight.size(1));
  return norms;
}

Tensor contraction(const Tensor& h, const Tensor& norms, Activation activation) {
  const Tensor out = at::empty({h.size(0)}, h.options());
  kernels::contraction(mutable_numbers(out), numbers(h), numbers(norms), h.size(0), activation);
  return out;
}

struct LayerJacobian : torch::autograd::Function<LayerJacobian> {
  static Tensor forward(AutogradContext* context, const Tensor& h, const Tensor& weight,
                        Activation activation) {
    const Tensor norms = squares_of_rows(weight);
    context->save_for_backward({h, weight, norms});
    context->saved_data["activation"] = static_cast<int64_t>(activation);
    return contraction(h, norms, activation);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const Tensor& h = saved[0];
    const Tensor& weight = saved[1];
    const auto activation = static_cast<Activation>(context->saved_data["activation"].toInt());
    if (at::GradMode::is_enabled()) {
      const auto norm = [activation](const variable_list& of) {
        return reference::layer_squared_jacobian_norm(of[0], of[1], activation);
      };
      const variable_list both = gradients_with_a_graph(norm, {h, weight}, gradients[0]);
      return {both[0], both[1], Tensor()};
    }
    const Tensor g = gradients[0].contiguous();
    const Tensor dh = at::empty_like(h);
    const Tensor dnorms = at::empty_like(saved[2]);
    kernels::contraction_backward(mutable_numbers(dh), mutable_numbers(dnorms), numbers(g), numbers(h),
                                  numbers(saved[2]), h.size(0), activation);
    if (!context->needs_input_grad(1)) return {dh, Tensor(), Tensor()};
    const GradientPlace place = take_place(weight);
    const bool in_place = place && place.memory.is_contiguous();
    const Tensor dweight = in_place ? place.memory : at::empty_like(weight);
    kernels::row_squares_backward(mutable_numbers(dweight), numbers(dnorms), numbers(weight), weight.size(1),
                                  in_place && place.holds);
    if (!place) return {dh, dweight, Tensor()};
    if (!in_place) put(place, dweight);
    return {dh, Tensor(), Tensor()};
  }
};

}  // namespace

Tensor reference::layer_squared_jacobian_norm(const Tensor& h, const Tensor& weight, Activation activation) {
  return at::mv(slope(h, activation).square(), weight.square().sum(1));
}

Tensor layer_squared_jacobian_norm(const Tensor& h, const Tensor& weight, Activation activation) {
  if (!eligible(h, weight)) return reference::layer_squared_jacobian_norm(h, weight, activation);
  if (!at::GradMode::is_enabled()) return contraction(h, squares_of_rows(weight), activation);
  return LayerJacobian::apply(h, weight, activation);
}

}  // namespace isthmus::ops
