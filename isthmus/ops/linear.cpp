#include "isthmus/ops/linear.hpp"

#include <optional>

#include "isthmus/kernels/activation.hpp"
#include "isthmus/ops/bf16_products.hpp"
#include "isthmus/ops/fused.hpp"
#include "isthmus/ops/gradients_in_place.hpp"
#include "isthmus/ops/products.hpp"
#include "isthmus/ops/spans.hpp"
#include "isthmus/ops/sparse_linear.hpp"

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

struct Linear : torch::autograd::Function<Linear> {
  static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& weight,
                        const std::optional<Tensor>& bias, Activation activation) {
    const Factors factors(x, weight);
    const Tensor y = layer_product(factors.x, factors.weight, bias.value_or(Tensor()), activation);
    context->save_for_backward({x, weight, activation == Activation::identity ? Tensor() : y,
                                factors.low ? factors.x : Tensor(), factors.low ? factors.weight : Tensor(),
                                bias.value_or(Tensor())});
    context->saved_data["activation"] = static_cast<int64_t>(activation);
    return y;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const Tensor& x = saved[0];
    const Tensor& weight = saved[1];
    const auto activation = static_cast<Activation>(context->saved_data["activation"].toInt());
    const bool identity = activation == Activation::identity;
    const bool wants_x = context->needs_input_grad(0);
    const bool wants_weight = context->needs_input_grad(1);
    const bool wants_bias = saved[5].defined() && context->needs_input_grad(2);
    // A graph of the backward pass (the contractive penalty asks for one) needs operations that autograd
    // sees. `g` is the gradient with respect to x Wᵀ + b.
    if (at::GradMode::is_enabled()) {
      const Tensor g = identity ? gradients[0] : gradients[0] * slope(saved[2], activation);
      return {wants_x ? at::mm(g, weight) : Tensor(), wants_weight ? at::mm(g.t(), x) : Tensor(),
              wants_bias ? g.sum(0) : Tensor(), Tensor()};
    }
    const bool low = saved[3].defined();
    const Tensor dy = gradients[0].contiguous();
    const Tensor& y = identity ? dy : saved[2];
    // In float32 the identity's gradient is dy itself, so writing it in place changes nothing.
    const Tensor g = identity && !low ? dy : at::empty_like(dy, low ? at::kBFloat16 : at::kFloat);
    const GradientPlace bias_place = wants_bias ? take_place(saved[5]) : GradientPlace();
    const Tensor dbias = wants_bias && !bias_place ? at::empty_like(saved[5]) : Tensor();
    const auto undo = [&](auto to) {
      const Tensor& sums = bias_place ? bias_place.memory : dbias;
      kernels::activate_backward(to, mutable_numbers(sums), numbers(y), numbers(dy), dy.size(0), dy.size(1),
                                 activation, bias_place.holds);
    };
    if (low)
      undo(mutable_bfloat16(g));
    else if (wants_bias || !identity)
      undo(mutable_numbers(g));

    Tensor dweight;  // stays undefined when it is in its place already
    if (wants_weight) {
      const GradientPlace place = take_place(weight);
      const Tensor& factor = low ? saved[3] : x;
      if (!place)
        dweight = weight_product(g, factor);
      else if (!(identity && put_sparse_product(place, dy, x)))
        put_weight_product(place, g, factor);
    }
    return {wants_x ? input_product(g, low ? saved[4] : weight) : Tensor(), dweight, dbias, Tensor()};
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
  if (activation == Activation::identity)
    if (Tensor y = sparse_linear(x, weight, bias); y.defined()) return y;
  if (!at::GradMode::is_enabled()) {
    const Factors factors(x, weight);
    return layer_product(factors.x, factors.weight, bias, activation);
  }
  return Linear::apply(x, weight, bias.defined() ? std::optional(bias) : std::nullopt, activation);
}

}  // namespace isthmus::ops
