#include "isthmus/ops/adam.hpp"

#include <cmath>

#include "isthmus/kernels/adam.hpp"
#include "isthmus/ops/fused.hpp"
#include "isthmus/ops/spans.hpp"

namespace isthmus::ops {

double reference::adam(const Tensor& parameters, const Tensor& gradients, const Tensor& first_moment,
                       const Tensor& second_moment, const AdamOptions& options, int64_t step,
                       double gradient_scale, const Tensor& shadow) {
  const at::NoGradGuard no_grad;
  const double norm = reference::squared_norm(gradients);
  Tensor g = gradients * gradient_scale;
  if (options.decoupled)
    parameters.mul_(1 - options.learning_rate * options.weight_decay);
  else
    g = g + options.weight_decay * parameters;
  first_moment.mul_(options.beta1).add_(g, 1 - options.beta1);
  second_moment.mul_(options.beta2).addcmul_(g, g, 1 - options.beta2);
  const double unbias_first = 1 - std::pow(options.beta1, static_cast<double>(step));
  const double unbias_second = 1 - std::pow(options.beta2, static_cast<double>(step));
  const Tensor root = second_moment.sqrt().div_(std::sqrt(unbias_second)).add_(options.epsilon);
  parameters.addcdiv_(first_moment, root, -options.learning_rate / unbias_first);
  if (shadow.defined()) shadow.copy_(parameters);
  return norm;
}

double reference::squared_norm(const Tensor& buffer) {
  return buffer.detach().to(at::kDouble).square().sum().item<double>();
}

double adam(const Tensor& parameters, const Tensor& gradients, const Tensor& first_moment,
            const Tensor& second_moment, const AdamOptions& options, int64_t step, double gradient_scale,
            const Tensor& shadow) {
  const bool plain_shadow = !shadow.defined() || (shadow.is_cpu() && shadow.is_contiguous() &&
                                                  shadow.scalar_type() == at::kBFloat16);
  if (!plain_shadow || !eligible(parameters, gradients, first_moment, second_moment))
    return reference::adam(parameters, gradients, first_moment, second_moment, options, step, gradient_scale,
                           shadow);
  return kernels::adam(mutable_numbers(parameters), numbers(gradients), mutable_numbers(first_moment),
                       mutable_numbers(second_moment),
                       {.step = step,
                        .learning_rate = options.learning_rate,
                        .beta1 = options.beta1,
                        .beta2 = options.beta2,
                        .epsilon = options.epsilon,
                        .weight_decay = options.weight_decay,
                        .decoupled = options.decoupled,
                        .gradient_scale = gradient_scale},
                       mutable_bfloat16(shadow));
}

double squared_norm(const Tensor& buffer) {
  return eligible(buffer) ? kernels::squared_norm(numbers(buffer)) : reference::squared_norm(buffer);
}

}  // namespace isthmus::ops
