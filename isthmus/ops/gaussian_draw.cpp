#include "isthmus/ops/gaussian_draw.hpp"

#include <fmt/format.h>

#include "isthmus/core/error.hpp"
#include "isthmus/kernels/gaussian_draw.hpp"
#include "isthmus/ops/fused.hpp"
#include "isthmus/ops/shape_text.hpp"
#include "isthmus/ops/spans.hpp"

namespace isthmus::ops {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

void check_shapes(const Tensor& parameters, const Tensor& epsilon, int64_t dimensions) {
  if (parameters.dim() == 2 && epsilon.dim() == dimensions && parameters.size(0) == epsilon.size(0) &&
      parameters.size(1) == 2 * epsilon.size(-1))
    return;
  throw Error({.who = "gaussian_draw",
               .expected = dimensions == 2 ? "parameters [rows, 2·latent] and noise [rows, latent]"
                                           : "parameters [rows, 2·latent] and noise [rows, k, latent]",
               .got = fmt::format("{} and {}", shape_text(parameters), shape_text(epsilon))});
}

/// Means and log-variances, with a place for the draws where there are several.
struct Halves {
  Tensor mean, log_variance;
};
Halves halves_of(const Tensor& parameters, bool several) {
  const auto latent = parameters.size(1) / 2;
  const Tensor mean = parameters.narrow(1, 0, latent);
  const Tensor log_variance = parameters.narrow(1, latent, latent);
  if (!several) return {mean, log_variance};
  return {mean.unsqueeze(1), log_variance.unsqueeze(1)};
}

struct KlFunction : torch::autograd::Function<KlFunction> {
  static variable_list forward(AutogradContext* context, const Tensor& parameters, const Tensor& epsilon) {
    const Tensor z = at::empty_like(epsilon);
    const Tensor kl = at::empty({epsilon.size(0)}, epsilon.options());
    kernels::gaussian_draw_and_kl(mutable_numbers(z), mutable_numbers(kl), numbers(parameters),
                                  numbers(epsilon), epsilon.size(0), epsilon.size(1));
    context->save_for_backward({parameters, z});
    return {z, kl};
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const Tensor& parameters = saved[0];
    const Tensor& z = saved[1];
    const Tensor dz = gradients[0].contiguous();
    const Tensor dkl = gradients[1].contiguous();
    if (at::GradMode::is_enabled()) {  // a graph of the backward pass needs operations that autograd sees
      const auto [mean, log_variance] = halves_of(parameters, false);
      const Tensor g = dkl.unsqueeze(1);
      return {at::cat({dz + g * mean, 0.5 * (dz * (z - mean) + g * at::expm1(log_variance))}, 1), Tensor()};
    }
    const Tensor gradient = at::empty_like(parameters);
    kernels::gaussian_draw_and_kl_backward(mutable_numbers(gradient), numbers(dz), numbers(dkl),
                                           numbers(parameters), numbers(z), z.size(0), z.size(1));
    return {gradient, Tensor()};
  }
};

struct RatioFunction : torch::autograd::Function<RatioFunction> {
  static variable_list forward(AutogradContext* context, const Tensor& parameters, const Tensor& epsilon) {
    const Tensor z = at::empty_like(epsilon);
    const Tensor ratio = at::empty({epsilon.size(0), epsilon.size(1)}, epsilon.options());
    kernels::gaussian_draw_and_ratio(mutable_numbers(z), mutable_numbers(ratio), numbers(parameters),
                                     numbers(epsilon), epsilon.size(0), epsilon.size(1), epsilon.size(2));
    context->save_for_backward({parameters, z});
    return {z, ratio};
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const Tensor& parameters = saved[0];
    const Tensor& z = saved[1];
    const Tensor dz = gradients[0].contiguous();
    const Tensor dratio = gradients[1].contiguous();
    if (at::GradMode::is_enabled()) {
      const Tensor mean = halves_of(parameters, true).mean;
      const Tensor g = dratio.unsqueeze(2);
      const Tensor whole = dz - g * z;
      return {at::cat({whole.sum(1), 0.5 * (whole * (z - mean) + g).sum(1)}, 1), Tensor()};
    }
    const Tensor gradient = at::empty_like(parameters);
    kernels::gaussian_draw_and_ratio_backward(mutable_numbers(gradient), numbers(dz), numbers(dratio),
                                              numbers(parameters), numbers(z), z.size(0), z.size(1),
                                              z.size(2));
    return {gradient, Tensor()};
  }
};

}  // namespace

namespace reference {

DrawAndKl draw_and_kl(const Tensor& parameters, const Tensor& epsilon) {
  const auto [mean, log_variance] = halves_of(parameters, false);
  return {at::addcmul(mean, at::exp(0.5 * log_variance), epsilon),
          0.5 * (at::expm1(log_variance) - log_variance + mean.square()).sum(1)};
}

DrawAndRatio draw_and_ratio(const Tensor& parameters, const Tensor& epsilon) {
  const auto [mean, log_variance] = halves_of(parameters, true);
  const Tensor z = at::addcmul(mean, at::exp(0.5 * log_variance), epsilon);
  return {z, 0.5 * (epsilon.square() + log_variance - z.square()).sum(2)};
}

}  // namespace reference

DrawAndKl draw_and_kl(const Tensor& parameters, const Tensor& epsilon) {
  check_shapes(parameters, epsilon, 2);
  if (!eligible(parameters, epsilon) || epsilon.requires_grad())
    return reference::draw_and_kl(parameters, epsilon);
  const variable_list made = KlFunction::apply(parameters, epsilon);
  return {made[0], made[1]};
}

DrawAndRatio draw_and_ratio(const Tensor& parameters, const Tensor& epsilon) {
  check_shapes(parameters, epsilon, 3);
  if (!eligible(parameters, epsilon) || epsilon.requires_grad())
    return reference::draw_and_ratio(parameters, epsilon);
  const variable_list made = RatioFunction::apply(parameters, epsilon);
  return {made[0], made[1]};
}

}  // namespace isthmus::ops
