#include "isthmus/train/training.hpp"

#include <cmath>

#include <fmt/format.h>

#include "isthmus/core/error.hpp"
#include "isthmus/ops/adam.hpp"
#include "isthmus/train/checkpoint.hpp"

namespace isthmus::train {
namespace {

int64_t total_steps(const FitConfig& config, const Dataset& train) {
  if (config.epochs == 0) return config.steps;
  return config.epochs * std::max<int64_t>(1, train.size() / config.batch);
}

ops::AdamOptions options(const FitConfig& config, int64_t step) {
  return {.learning_rate = config.learning_rate.at(step),
          .beta1 = config.beta1,
          .beta2 = config.beta2,
          .epsilon = config.epsilon,
          .weight_decay = config.weight_decay,
          .decoupled = config.optimiser == Optimiser::adamw};
}

const std::string prefix = "model.";

/// Beyond it the square, which the second moment holds, is no float32 any more: the optimiser would stand
/// still.
constexpr double largest_norm = 1e19;

}  // namespace

Built build(const Recipe& recipe) {
  Data data = load_data(recipe.dataset().name, recipe.data());
  const auto seed = static_cast<uint64_t>(recipe.run().seed);
  auto model =
      recipe.model().build(recipe.model_settings(), data.spec(), Noise(seed, Purpose::initialisation));
  if (recipe.run().device == Device::cuda) {
    if (!at::hasCUDA())
      throw UsageError({.who = "device", .expected = "cpu", .got = "cuda, which this build of torch lacks"});
    model->to(at::kCUDA);
  }
  return {std::move(data), std::move(model)};
}

Training::Training(const Recipe& recipe)
    : recipe_(recipe),
      built_(build(recipe)),
      parameters_(*built_.model),
      first_moment_(at::zeros_like(parameters_.values())),
      second_moment_(at::zeros_like(parameters_.values())),
      steps_(total_steps(recipe_.fit(), *built_.data.train)) {
  const int64_t examples = built_.data.train->size();
  if (recipe_.fit().batch > examples)
    throw UsageError({.who = "fit.batch",
                      .expected = fmt::format("at most the {} training examples", examples),
                      .got = fmt::format("{}", recipe_.fit().batch),
                      .hint = "a smaller --fit.batch"});
}

void Training::advance(std::span<const Tensor> statistics) {
  const at::NoGradGuard no_grad;
  const double norm = std::sqrt(ops::squared_norm(parameters_.gradients()));
  if (!(norm < largest_norm))
    throw Error({.who = "fit",
                 .expected = "a finite gradient",
                 .got = fmt::format("one of norm {:.3g} at step {}", norm, step_),
                 .hint = "a smaller --fit.learning_rate; the last good checkpoint is kept"});
  const double scale = config().clip > 0 ? std::min(1.0, config().clip / norm) : 1.0;
  ops::adam(parameters_.values(), parameters_.gradients(), first_moment_, second_moment_,
            options(config(), step_), step_ + 1, scale);
  model().after_step(statistics);
  ++step_;
}

void Training::save(const std::filesystem::path& path) const {
  NamedTensors tensors{{"optimiser.first_moment", first_moment_},
                       {"optimiser.second_moment", second_moment_}};
  for (const auto& [name, tensor] : state_of(model())) tensors.emplace(prefix + name, tensor);
  save_tensors(path, tensors, {{"step", std::to_string(step_)}, {"seconds", fmt::format("{}", seconds)}});
}

void Training::load(const std::filesystem::path& path) {
  Loaded loaded = load_tensors(path);
  const std::string who = path.filename().string();
  NamedTensors own;
  for (const auto& [name, tensor] : loaded.tensors)
    if (name.starts_with(prefix)) own.emplace(name.substr(prefix.size()), tensor);
  for (const auto& [name, moment] : {std::pair("optimiser.first_moment", &first_moment_),
                                     std::pair("optimiser.second_moment", &second_moment_)}) {
    const auto found = loaded.tensors.find(name);
    if (found == loaded.tensors.end() || found->second.sizes() != moment->sizes())
      throw Error({.who = who,
                   .expected = fmt::format("'{}' of {} numbers", name, moment->numel()),
                   .got = found == loaded.tensors.end() ? "none" : fmt::format("{}", found->second.numel()),
                   .hint = "the settings that it was trained with"});
  }
  int64_t step = 0;
  parse(who + ": step", loaded.metadata["step"], non_negative, step);
  parse(who + ": seconds", loaded.metadata["seconds"], non_negative, seconds);
  restore(model(), own, who);
  first_moment_.copy_(loaded.tensors.at("optimiser.first_moment"));
  second_moment_.copy_(loaded.tensors.at("optimiser.second_moment"));
  step_ = step;
}

}  // namespace isthmus::train
