#include "isthmus/ops/likelihood.hpp"

#include <cmath>
#include <numbers>

#include "isthmus/kernels/bernoulli.hpp"
#include "isthmus/kernels/gaussian.hpp"
#include "isthmus/ops/fused.hpp"
#include "isthmus/ops/likelihood_shapes.hpp"
#include "isthmus/ops/spans.hpp"

namespace isthmus::ops {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

Tensor bernoulli_forward(const Tensor& logits, const Tensor& x, int64_t repeat) {
  const Tensor out = at::empty({logits.size(0)}, logits.options());
  kernels::bernoulli_log_likelihood(mutable_numbers(out), numbers(x), numbers(logits), logits.size(0),
                                    logits.size(1), repeat);
  return out;
}

/// Backward by the kernels; a graph of the backward pass needs operations that autograd sees, so it gets the
/// reference's.
struct Bernoulli : torch::autograd::Function<Bernoulli> {
  static Tensor forward(AutogradContext* context, const Tensor& logits, const Tensor& x, int64_t repeat) {
    context->save_for_backward({logits, x});
    context->saved_data["repeat"] = repeat;
    return bernoulli_forward(logits, x, repeat);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const Tensor& logits = saved[0];
    const int64_t repeat = context->saved_data["repeat"].toInt();
    if (at::GradMode::is_enabled()) {
      const Tensor residual = saved[1].unsqueeze(1) - at::sigmoid(by_example(logits, repeat));
      return {gradients[0].unsqueeze(1) * residual.flatten(0, 1), Tensor(), Tensor()};
    }
    const Tensor g = gradients[0].contiguous();
    const Tensor gradient = room_for_gradient(logits);
    kernels::bernoulli_log_likelihood_backward(mutable_numbers(gradient), numbers(g), numbers(saved[1]),
                                               numbers(logits), logits.size(0), logits.size(1), repeat);
    return {gradient, Tensor(), Tensor()};
  }
};

Tensor gaussian_forward(const Tensor& mean, const Tensor& log_variance, const Tensor& x, int64_t repeat) {
  const Tensor out = at::empty({mean.size(0)}, mean.options());
  kernels::gaussian_log_likelihood(mutable_numbers(out), numbers(x), numbers(mean), numbers(log_variance),
                                   mean.size(0), mean.size(1), repeat);
  return out;
}

struct Gaussian : torch::autograd::Function<Gaussian> {
  static Tensor forward(AutogradContext* context, const Tensor& mean, const Tensor& log_variance,
                        const Tensor& x, int64_t repeat) {
    context->save_for_backward({mean, log_variance, x});
    context->saved_data["repeat"] = repeat;
    return gaussian_forward(mean, log_variance, x, repeat);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const Tensor& mean = saved[0];
    const Tensor& log_variance = saved[1];
    const int64_t repeat = context->saved_data["repeat"].toInt();
    if (at::GradMode::is_enabled()) {
      const Tensor g = gradients[0].unsqueeze(1);
      const Tensor residual = (saved[2].unsqueeze(1) - by_example(mean, repeat)).flatten(0, 1);
      const Tensor scaled = residual * at::exp(-log_variance);
      const Tensor per_element = 0.5 * g * (residual * scaled - 1);
      return {g * scaled,
              log_variance.dim() == 0 ? per_element.sum() : per_element.sum_to_size(log_variance.sizes()),
              Tensor(), Tensor()};
    }
    const Tensor g = gradients[0].contiguous();
    const Tensor mean_gradient = room_for_gradient(mean);
    const Tensor log_variance_gradient =
        context->needs_input_grad(1) ? at::empty_like(log_variance) : Tensor();
    kernels::gaussian_log_likelihood_backward(
        mutable_numbers(mean_gradient), mutable_numbers(log_variance_gradient), numbers(g), numbers(saved[2]),
        numbers(mean), numbers(log_variance), mean.size(0), mean.size(1), repeat);
    return {mean_gradient, log_variance_gradient, Tensor(), Tensor()};
  }
};

}  // namespace

namespace reference {

Tensor bernoulli_log_likelihood(const Tensor& logits, const Tensor& x, int64_t repeat) {
  const Tensor l = by_example(logits, repeat);
  return (x.unsqueeze(1) * l + at::log_sigmoid(-l)).sum(-1).flatten();  // log(1 + e^l) without overflow
}

Tensor gaussian_log_likelihood(const Tensor& mean, const Tensor& log_variance, const Tensor& x,
                               int64_t repeat) {
  const double log_two_pi = std::log(2 * std::numbers::pi);
  const Tensor log_v = by_example(log_variance, repeat);
  const Tensor residual = x.unsqueeze(1) - by_example(mean, repeat);
  return -0.5 * (residual.square() * at::exp(-log_v) + log_v + log_two_pi).sum(-1).flatten();
}

}  // namespace reference

Tensor bernoulli_log_likelihood(const Tensor& logits, const Tensor& x, int64_t repeat) {
  check_rows("bernoulli_log_likelihood", logits, x, repeat);
  if (!eligible(logits, x) || x.requires_grad())
    return reference::bernoulli_log_likelihood(logits, x, repeat);
  if (!at::GradMode::is_enabled()) return bernoulli_forward(logits, x, repeat);
  return Bernoulli::apply(logits, x, repeat);
}

Tensor gaussian_log_likelihood(const Tensor& mean, const Tensor& log_variance, const Tensor& x,
                               int64_t repeat) {
  check_rows("gaussian_log_likelihood", mean, x, repeat);
  check_spread("gaussian_log_likelihood", log_variance, mean);
  // The kernel shares its variances among the rows.
  if (!eligible(mean, log_variance, x) || x.requires_grad() || log_variance.dim() == 2)
    return reference::gaussian_log_likelihood(mean, log_variance, x, repeat);
  if (!at::GradMode::is_enabled()) return gaussian_forward(mean, log_variance, x, repeat);
  return Gaussian::apply(mean, log_variance, x, repeat);
}

}  // namespace isthmus::ops
