#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <torch/csrc/autograd/autograd.h>

#include "isthmus/core/each_example.hpp"
#include "isthmus/core/log_weights.hpp"
#include "isthmus/core/metric.hpp"
#include "isthmus/ops/adam.hpp"

/// What it costs to ask an encoder for q(z|x) instead of fitting it to each x: the ELBO of a q that starts at
/// the encoder's answer and takes gradient steps for its one image, minus the ELBO of that answer (Cremer et
/// al. 2018, "Inference Suboptimality in Variational Autoencoders"). The model itself does not move. A lower
/// bound on the gap: the fit is as good as `steps` make it.
///
/// Each step has fresh draws; both bounds are then taken on draws that the fit has not seen, the same for
/// both. So the difference owes nothing to a q that suits its own draws, and is much less noisy than either
/// bound.
namespace isthmus::metrics::amortisation_gap {

inline constexpr std::string_view summary =
    "nats of the bound that the encoder loses against a posterior fitted to each image; lower is better";

struct Config {
  int64_t images = 500;
  int64_t steps = 300;
  double learning_rate = 0.03;
  int64_t draws_of_step = 4;
  int64_t draws = 200;

  static Config quick() { return {.images = 100, .steps = 100, .draws = 100}; }

  static constexpr auto fields() {
    return std::tuple{
        field<&Config::images>("the first so many images of the split; 0 takes all", non_negative),
        field<&Config::steps>("gradient steps (Adam) for each image", positive),
        field<&Config::learning_rate>("of the first step; it falls to 0 along a straight line", positive),
        field<&Config::draws_of_step>("draws of z in a step", positive),
        field<&Config::draws>("draws of z for each of the two bounds", positive),
    };
  }
};

inline std::optional<std::string> why_not(const Subject& subject) {
  if (auto reason = why_no_log_weights(subject, "amortisation_gap")) return reason;
  if (subject.can<RefinablePosterior>() == nullptr)
    return "amortisation_gap fits q(z|x) to each image by gradient steps through its draws, and no gradient "
           "passes through the draws of this model, as of a discrete code; `elbo` and `nll` together say how "
           "much its q(z|x) loses in all";
  return std::nullopt;
}

/// Purposes of the noise: step s of the fit draws as step s of the evaluation, the bounds as the step before
/// all.
inline constexpr int64_t step_of_bounds = -1;

/// Mean over the draws of the log-weights under `parameters`: the ELBO of each image, [batch].
inline Tensor bound(RefinablePosterior& model, const std::vector<Tensor>& parameters, const Batch& batch,
                    int64_t draws, Noise noise) {
  return model.log_weights_under(parameters, batch, draws, noise).to(at::kDouble).mean(0);
}

/// q's parameters after the steps. The images of a batch do not touch one another: the gradient of the sum of
/// their bounds, and Adam, work on each number alone.
inline std::vector<Tensor> refined(RefinablePosterior& model, std::vector<Tensor> parameters,
                                   const Batch& batch, const Config& config, const Subject& subject,
                                   int64_t first) {
  std::vector<Tensor> first_moments;
  std::vector<Tensor> second_moments;
  for (Tensor& parameter : parameters) {
    parameter = parameter.clone(at::MemoryFormat::Contiguous);
    first_moments.push_back(at::zeros_like(parameter));
    second_moments.push_back(at::zeros_like(parameter));
  }
  for (int64_t step = 0; step < config.steps; ++step) {
    std::vector<Tensor> leaves;
    for (const Tensor& parameter : parameters) leaves.push_back(parameter.detach().requires_grad_(true));
    std::vector<Tensor> gradients;
    {
      const at::AutoGradMode grad(true);
      const Tensor loss = -bound(model, leaves, batch, config.draws_of_step,
                                 Noise(subject.seed, Purpose::evaluation, step, first))
                               .sum();
      gradients = torch::autograd::grad({loss}, leaves);
    }
    const double left = 1 - static_cast<double>(step) / static_cast<double>(config.steps);
    for (size_t i = 0; i < parameters.size(); ++i)
      ops::adam(parameters[i].view({-1}), gradients[i].contiguous().view({-1}), first_moments[i].view({-1}),
                second_moments[i].view({-1}), {.learning_rate = config.learning_rate * left}, step + 1);
  }
  return parameters;
}

inline Measurement measure(const Subject& subject, const Config& config) {
  auto& model = *subject.can<RefinablePosterior>();
  const Tensor bounds = each_example(subject, 100, config.images, [&](const Batch& batch, int64_t first) {
    const std::vector<Tensor> answered = model.posterior_parameters(batch);
    const std::vector<Tensor> fitted = refined(model, answered, batch, config, subject, first);
    const Noise noise(subject.seed, Purpose::evaluation, step_of_bounds, first);
    return at::stack({bound(model, answered, batch, config.draws, noise),
                      bound(model, fitted, batch, config.draws, noise)},
                     1);
  });
  const Tensor before = bounds.select(1, 0);
  const Tensor after = bounds.select(1, 1);
  const auto gaps = mean_over(after - before);
  Measurement result{.value = gaps.mean(), .standard_error = gaps.standard_error(), .unit = "nats"};
  result.more = {{"elbo", mean_over(before).mean()},
                 {"elbo_refined", mean_over(after).mean()},
                 {"images", static_cast<double>(gaps.count())},
                 {"steps", static_cast<double>(config.steps)}};
  return result;
}

}  // namespace isthmus::metrics::amortisation_gap
