#include "isthmus/ops/sparse_linear.hpp"

#include <algorithm>
#include <optional>

#include "isthmus/kernels/activation.hpp"
#include "isthmus/kernels/sparse.hpp"
#include "isthmus/ops/fused.hpp"
#include "isthmus/ops/gradients_in_place.hpp"
#include "isthmus/ops/matrices.hpp"
#include "isthmus/ops/spans.hpp"
#include "isthmus/ops/top_k.hpp"

namespace isthmus::ops {
namespace {

using kernels::SparseRows;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// Numbers are multiplied alone where they are at most one in so many. One that is costs some eight times
/// what it costs in a matrix product; at twice that the gain is sure.
constexpr int64_t one_in = 16;

bool has_numbers(const Tensor& t) {
  return t.dim() == 2 && t.is_cpu() && t.scalar_type() == at::kFloat;
}
bool has_rows(const Tensor& t) {
  return has_numbers(t) && has_whole_rows(t);
}
bool has_columns(const Tensor& t) {
  return has_numbers(t) && has_whole_columns(t);
}

/// x as keep_top_k made it; numbers that it kept stay, even if they are 0.
SparseRows kept_of(const Tensor& x, const Tensor& places) {
  SparseRows out{.columns = x.size(1)};
  const int64_t k = places.size(1);
  const auto at = indices(places);
  const float* from = x.const_data_ptr<float>();
  out.places.assign(at.begin(), at.end());
  out.values.resize(at.size());
  out.starts.resize(static_cast<size_t>(x.size(0)) + 1);
  for (int64_t row = 0; row < x.size(0); ++row, from += x.size(1)) {
    for (auto i = static_cast<size_t>(row * k); i < static_cast<size_t>((row + 1) * k); ++i)
      out.values[i] = from[at[i]];
    out.starts[static_cast<size_t>(row) + 1] = static_cast<int32_t>((row + 1) * k);
  }
  return out;
}

struct SparseLinear : torch::autograd::Function<SparseLinear> {
  static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& weight,
                        const std::optional<Tensor>& bias, const Tensor& places) {
    context->save_for_backward({x, weight});
    context->saved_data["places"] = places;
    context->saved_data["bias"] = bias.has_value();
    const Tensor y = at::zeros({x.size(0), weight.size(0)}, x.options());
    kernels::add_product(mutable_rows_of(y), kept_of(x, places), rows_of(weight.t()));
    kernels::activate(mutable_numbers(y), numbers(bias.value_or(Tensor())), y.size(0), y.size(1),
                      kernels::Activation::identity);
    return y;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const Tensor& x = saved[0];
    const Tensor& weight = saved[1];
    const bool wants_bias = context->saved_data["bias"].toBool() && context->needs_input_grad(2);
    if (at::GradMode::is_enabled()) {  // a graph of the backward pass needs operations that autograd sees
      const Tensor& g = gradients[0];
      return {at::mm(g, weight), at::mm(g.t(), x), wants_bias ? g.sum(0) : Tensor(), Tensor()};
    }
    const Tensor g = gradients[0].contiguous();
    const SparseRows kept = kept_of(x, context->saved_data["places"].toTensor());
    Tensor bias_gradient = wants_bias ? at::empty({g.size(1)}, g.options()) : Tensor();
    if (wants_bias)  // g is its own derivative: written in place it stays as it is
      kernels::activate_backward(mutable_numbers(g), mutable_numbers(bias_gradient), numbers(g), numbers(g),
                                 g.size(0), g.size(1), kernels::Activation::identity);
    return {input_gradient(g, weight, kept, x),
            context->needs_input_grad(1) ? weight_gradient(g, weight, kept) : Tensor(), bias_gradient,
            Tensor()};
  }

  static Tensor input_gradient(const Tensor& g, const Tensor& weight, const SparseRows& kept,
                               const Tensor& x) {
    Tensor out = at::zeros_like(x);
    const auto dots = kernels::product_at(kept, rows_of(g), rows_of(weight.t()));
    float* to = out.mutable_data_ptr<float>();
    for (size_t row = 0; row + 1 < kept.starts.size(); ++row, to += x.size(1))
      for (auto i = static_cast<size_t>(kept.starts[row]); i < static_cast<size_t>(kept.starts[row + 1]); ++i)
        to[kept.places[i]] = dots[i];
    return out;
  }

  /// Undefined when it is in its place already.
  static Tensor weight_gradient(const Tensor& g, const Tensor& weight, const SparseRows& kept) {
    const GradientPlace place = take_place(weight);
    const bool in_place = place && has_columns(place.memory);
    const Tensor by_inputs =
        in_place ? cleared(place).t() : at::zeros({weight.size(1), weight.size(0)}, g.options());
    kernels::add_product(mutable_rows_of(by_inputs), kept.transposed(), rows_of(g));
    if (in_place) return {};
    if (!place) return by_inputs.t();
    put(place, by_inputs.t());
    return {};
  }
};

}  // namespace

Tensor sparse_linear(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  if (!eligible(x, bias) || !has_columns(weight)) return {};
  const Tensor places = places_kept(x);
  if (!places.defined() || one_in * places.size(1) > x.size(1)) return {};
  return SparseLinear::apply(x, weight, bias.defined() ? std::optional(bias) : std::nullopt, places);
}

bool put_sparse_product(const GradientPlace& place, const Tensor& g, const Tensor& x) {
  if (!eligible(g) || g.size(0) == 0 || !has_rows(place.memory) || !has_rows(x)) return false;
  // The first row tells as a rule, so that others do not pay for the counting.
  const float* first = g.const_data_ptr<float>();
  const int64_t some = std::count_if(first, first + g.size(1), [](float number) { return number != 0; });
  if (one_in * some > g.size(1)) return false;
  const SparseRows sparse = SparseRows::of(numbers(g), g.size(0), g.size(1), g.numel() / one_in);
  if (sparse.rows() == 0) return false;
  kernels::add_product(mutable_rows_of(cleared(place)), sparse.transposed(), rows_of(x));
  return true;
}

}  // namespace isthmus::ops
