#include "isthmus/ops/discretised_logistic.hpp"

#include "isthmus/kernels/discretised_logistic.hpp"
#include "isthmus/ops/fused.hpp"
#include "isthmus/ops/likelihood_shapes.hpp"
#include "isthmus/ops/spans.hpp"

namespace isthmus::ops {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

Tensor value(const Tensor& mean, const Tensor& log_scale, const Tensor& x, int64_t repeat) {
  const Tensor out = at::empty({mean.size(0)}, mean.options());
  kernels::discretised_logistic_log_likelihood(mutable_numbers(out), numbers(x), numbers(mean),
                                               numbers(log_scale), mean.size(0), mean.size(1), repeat);
  return out;
}

struct DiscretisedLogistic : torch::autograd::Function<DiscretisedLogistic> {
  static Tensor forward(AutogradContext* context, const Tensor& mean, const Tensor& log_scale,
                        const Tensor& x, int64_t repeat) {
    context->save_for_backward({mean, log_scale, x});
    context->saved_data["repeat"] = repeat;
    return value(mean, log_scale, x, repeat);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const Tensor& mean = saved[0];
    const Tensor& log_scale = saved[1];
    const Tensor& x = saved[2];
    const int64_t repeat = context->saved_data["repeat"].toInt();
    if (at::GradMode::is_enabled()) {
      const auto likelihood = [&x, repeat](const variable_list& of) {
        return reference::discretised_logistic_log_likelihood(of[0], of[1], x, repeat);
      };
      const variable_list both = gradients_with_a_graph(likelihood, {mean, log_scale}, gradients[0]);
      return {both[0], both[1], Tensor(), Tensor()};
    }
    const Tensor g = gradients[0].contiguous();
    const Tensor dmean = at::empty_like(mean);
    const Tensor dlog_scale = context->needs_input_grad(1) ? at::empty_like(log_scale) : Tensor();
    kernels::discretised_logistic_log_likelihood_backward(
        mutable_numbers(dmean), mutable_numbers(dlog_scale), numbers(g), numbers(x), numbers(mean),
        numbers(log_scale), mean.size(0), mean.size(1), repeat);
    return {dmean, dlog_scale, Tensor(), Tensor()};
  }
};

}  // namespace

Tensor discretised_logistic_log_mass(const Tensor& mean, const Tensor& log_scale, const Tensor& x) {
  const Tensor bin = at::round(x * 255);
  const Tensor delta = at::exp(-log_scale.clamp_min(kernels::least_log_scale)) / 255;
  const Tensor centre = bin - mean * 255;
  const Tensor below_upper = at::log_sigmoid((centre + 0.5) * delta);  // log σ(a)
  const Tensor above_lower = at::log_sigmoid((0.5 - centre) * delta);  // log σ(−b)
  const Tensor inside = at::log(-at::expm1(-delta));
  return at::where(bin == 0, below_upper,
                   at::where(bin == 255, above_lower, below_upper + above_lower + inside));
}

Tensor reference::discretised_logistic_log_likelihood(const Tensor& mean, const Tensor& log_scale,
                                                      const Tensor& x, int64_t repeat) {
  return discretised_logistic_log_mass(by_example(mean, repeat), by_example(log_scale, repeat),
                                       x.unsqueeze(1))
      .sum(-1)
      .flatten();
}

Tensor discretised_logistic_log_likelihood(const Tensor& mean, const Tensor& log_scale, const Tensor& x,
                                           int64_t repeat) {
  check_rows("discretised_logistic_log_likelihood", mean, x, repeat);
  check_spread("discretised_logistic_log_likelihood", log_scale, mean);
  // Halves of a decoder's outputs are not contiguous; to copy them costs little beside the arithmetic.
  const Tensor location = mean.contiguous();
  const Tensor scale = (log_scale.dim() == 0 ? log_scale.expand({mean.size(1)}) : log_scale).contiguous();
  if (!eligible(location, scale, x) || x.requires_grad())
    return reference::discretised_logistic_log_likelihood(mean, log_scale, x, repeat);
  if (!at::GradMode::is_enabled()) return value(location, scale, x, repeat);
  return DiscretisedLogistic::apply(location, scale, x, repeat);
}

}  // namespace isthmus::ops
