#include "isthmus/ops/linear.hpp"

#include <optional>

#include "isthmus/kernels/activation.hpp"
#include "isthmus/ops/bf16_products.hpp"
#include "isthmus/ops/fused.hpp"
#include "isthmus/ops/gradients_in_place.hpp"
#include "isthmus/ops/spans.hpp"

namespace isthmus::ops {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// The factors of a layer's products: x and W themselves, or both in bfloat16.
struct Factors {
  Tensor x;
  Tensor weight;
  bool low;

  Factors(const Tensor& from, const Tensor& by)
      : x(bf16_products() ? rounded(from) : from),
        weight(bf16_products() ? rounded(by) : by),
        low(bf16_products()) {}
};

Tensor product(bool low, const Tensor& a, const Tensor& b) {
  return low ? bf16_mm(a, b) : at::mm(a, b);
}

Tensor forward_in_place(const Factors& factors, const Tensor& bias, Activation activation) {
  const Tensor y = product(factors.low, factors.x, factors.weight.t());
  if (bias.defined() || activation != Activation::identity)
    kernels::activate(mutable_numbers(y), numbers(bias), y.size(0), y.size(1), activation);
  return y;
}

struct Linear : torch::autograd::Function<Linear> {
  static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& weight,
                        const std::optional<Tensor>& bias, Activation activation) {
    const Factors factors(x, weight);
    const Tensor y = forward_in_place(factors, bias.value_or(Tensor()), activation);
    context->saved_data["bias"] = bias.has_value();
    context->save_for_backward({x, weight, activation == Activation::identity ? Tensor() : y,
                                factors.low ? factors.x : Tensor(), factors.low ? factors.weight : Tensor()});
    context->saved_data["activation"] = static_cast<int64_t>(activation);
    return y;
  }

  /// gᵀ x; undefined when it has been added to weight.grad() already.
  static Tensor weight_gradient(const Tensor& g, const Tensor& x, const Tensor& weight) {
    const bool low = g.scalar_type() == at::kBFloat16;
    Tensor place = at::GradMode::is_enabled() ? Tensor() : place_of_gradient(weight);
    if (!place.defined()) return product(low, g.t(), x);
    if (low)
      bf16_addmm(place, g.t(), x);
    else
      at::addmm_out(place, place, g.t(), x);
    return {};
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const bool low = saved[3].defined() && !at::GradMode::is_enabled();
    const Tensor& weight = saved[1];
    const Tensor& x = low ? saved[3] : saved[0];
    const Tensor& factor = low ? saved[4] : weight;
    const auto activation = static_cast<Activation>(context->saved_data["activation"].toInt());
    const bool wants_bias = context->saved_data["bias"].toBool() && context->needs_input_grad(2);
    Tensor bias_gradient;
    // The gradient with respect to x Wᵀ + b. A graph of the backward pass (the contractive penalty asks for
    // one) needs operations that autograd sees.
    Tensor g = gradients[0];
    if (at::GradMode::is_enabled()) {
      if (activation != Activation::identity) g = g * slope(saved[2], activation);
      if (wants_bias) bias_gradient = g.sum(0);
    } else {
      const Tensor dy = g.contiguous();
      const bool identity = activation == Activation::identity;
      if (wants_bias) bias_gradient = at::empty({dy.size(1)}, dy.options());
      const Tensor& y = identity ? dy : saved[2];
      if (low) {
        g = at::empty_like(dy, at::kBFloat16);
        kernels::activate_backward(mutable_bfloat16(g), mutable_numbers(bias_gradient), numbers(y),
                                   numbers(dy), dy.size(0), dy.size(1), activation);
      } else if (wants_bias || !identity) {
        // The identity's gradient is dy itself, so writing it in place changes nothing.
        g = identity ? dy : at::empty_like(dy);
        kernels::activate_backward(mutable_numbers(g), mutable_numbers(bias_gradient),
                                   numbers(y), numbers(dy), dy.size(0), dy.size(1), activation);
      } else {
        g = dy;
      }
    }
    return {context->needs_input_grad(0) ? product(low, g, factor) : Tensor(),
            context->needs_input_grad(1) ? weight_gradient(g, x, weight) : Tensor(), bias_gradient, Tensor()};
  }
};

}  // namespace

Tensor reference::linear(const Tensor& x, const Tensor& weight, const Tensor& bias, Activation activation) {
  const auto in = [](const Tensor& t) { return bf16_products() ? t.to(at::kBFloat16) : t; };
  const Tensor product = at::mm(in(x), in(weight).t()).to(x.scalar_type());
  return activate(bias.defined() ? product + bias : product, activation);
}

Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias, Activation activation) {
  // The matrix product takes weights of any strides (a decoder's may be its encoder's, transposed).
  if (!eligible(x, bias) || !weight.is_cpu() || weight.scalar_type() != at::kFloat)
    return reference::linear(x, weight, bias, activation);
  if (!at::GradMode::is_enabled()) return forward_in_place({x, weight}, bias, activation);
  return Linear::apply(x, weight, bias.defined() ? std::optional(bias) : std::nullopt, activation);
}

}  // namespace isthmus::ops
