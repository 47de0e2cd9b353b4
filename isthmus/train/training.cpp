#include "isthmus/train/training.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "isthmus/core/error.hpp"
#include "isthmus/ops/adam.hpp"
#include "isthmus/train/checkpoint.hpp"

namespace isthmus::train {
namespace {

int64_t whole_steps(const FitConfig& config, const Dataset& train) {
  if (config.epochs == 0) return config.steps;
  return config.epochs * std::max<int64_t>(1, train.size() / config.batch);
}

/// How many layers are trained alone first. Throws UsageError when the model cannot do that, or has but one.
int64_t layers_to_pretrain(const Recipe& recipe, const Model& model) {
  if (recipe.fit().pretrain == Pretrain::none) return 0;
  const auto* layerwise = dynamic_cast<const Layerwise*>(&model);
  if (layerwise == nullptr) {
    std::vector<std::string_view> able;
    for (const ModelEntry* entry : models::menu())
      if (entry->layerwise) able.push_back(entry->name);
    throw UsageError(
        {.who = "fit.pretrain",
         .expected = fmt::format("a model whose layers are trained one by one ({})", fmt::join(able, ", ")),
         .got = fmt::format("layerwise with {}", recipe.model().name),
         .hint = "--fit.pretrain none"});
  }
  if (layerwise->layers() < 2)
    throw UsageError({.who = "fit.pretrain",
                      .expected = "a model of at least 2 layers, to train one before the other",
                      .got = fmt::format("{} of {}", layerwise->layers(), recipe.model().name),
                      .hint = "more --backbone.hidden layers, or --fit.pretrain none"});
  return layerwise->layers();
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

[[noreturn]] void refuse_gradient(const std::string& what) {
  throw Error({.who = "fit",
               .expected = "a finite gradient",
               .got = what,
               .hint = "a smaller --fit.learning_rate; what was saved before is kept"});
}

void check_norm(double norm, int64_t step) {
  if (!(norm < largest_norm)) refuse_gradient(fmt::format("one of norm {:.3g} at step {}", norm, step));
}

void check_whole(bool broken) {
  if (broken) refuse_gradient("one that was not, in a step before; the parameters are lost");
}

}  // namespace

Built build(const Recipe& recipe) {
  Data data = load_data(recipe.dataset().name, recipe.data());
  auto model = build_model(recipe, data.spec());
  return {std::move(data), std::move(model)};
}

std::shared_ptr<Model> build_model(const Recipe& recipe, const DataSpec& spec) {
  const auto seed = static_cast<uint64_t>(recipe.run().seed);
  auto model = recipe.model().build(recipe.model_settings(), spec, Noise(seed, Purpose::initialisation));
  if (recipe.run().device == Device::cuda) {
    if (!at::hasCUDA())
      throw UsageError({.who = "device", .expected = "cpu", .got = "cuda, which this build of torch lacks"});
    model->to(at::kCUDA);
  }
  return model;
}

Training::Training(const Recipe& recipe, Built built)
    : recipe_(recipe),
      built_(std::move(built)),
      parameters_(*built_.model, recipe_.fit().precision == Precision::bf16),
      first_moment_(at::zeros_like(parameters_.values())),
      second_moment_(at::zeros_like(parameters_.values())),
      stages_(layers_to_pretrain(recipe_, *built_.model), recipe_.fit().pretrain_steps,
              whole_steps(recipe_.fit(), *built_.data.train)) {
  const int64_t examples = built_.data.train->size();
  if (recipe_.fit().batch > examples)
    throw UsageError({.who = "fit.batch",
                      .expected = fmt::format("at most the {} training examples", examples),
                      .got = fmt::format("{}", recipe_.fit().batch),
                      .hint = "a smaller --fit.batch"});
}

void Training::advance(const Loss& loss) {
  const at::NoGradGuard no_grad;
  check_whole(broken_);
  double scale = 1;
  if (config().clip > 0) {
    const double norm = std::sqrt(ops::squared_norm(parameters_.gradients()));
    check_norm(norm, step_);
    scale = std::min(1.0, config().clip / norm);
  }
  const Stage now = stage();
  const int64_t index = step_ - now.first;
  if (index == 0)
    for (const Tensor& moment : {first_moment_, second_moment_}) moment.zero_();
  // Weight decay, too, is for the parameters that are trained, hence ranges and not gradients that are 0.
  const auto ranges =
      now.layer ? parameters_.ranges_of(loss.total())
                : std::vector<FlatParameters::Range>{{.first = 0, .size = parameters_.values().numel()}};
  double squared_norm = 0;
  for (const auto [first, size] : ranges) {
    const auto part = [first, size](const Tensor& buffer) {
      return buffer.defined() ? buffer.narrow(0, first, size) : Tensor();
    };
    squared_norm += ops::adam(part(parameters_.values()), part(parameters_.gradients()), part(first_moment_),
                              part(second_moment_), options(config(), index), index + 1, scale,
                              part(parameters_.shadow().rounded));
  }
  broken_ = true;
  check_norm(std::sqrt(squared_norm), step_);
  broken_ = false;
  if (!now.layer) model().after_step(loss.statistics);
  ++step_;
}

void Training::save(const std::filesystem::path& path) const {
  check_whole(broken_);
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
    if (found == loaded.tensors.end() || found->second.sizes() != moment->sizes() ||
        found->second.scalar_type() != moment->scalar_type())
      throw Error({.who = who,
                   .expected = fmt::format("'{}' of {} floats", name, moment->numel()),
                   .got = found == loaded.tensors.end()
                              ? "none"
                              : fmt::format("{} of {}", found->second.numel(), found->second.dtype().name()),
                   .hint = "the settings that it was trained with"});
  }
  int64_t step = 0;
  parse(who + ": step", loaded.metadata["step"], non_negative, step);
  double so_far = 0;
  parse(who + ": seconds", loaded.metadata["seconds"], non_negative, so_far);
  restore(model(), own, who);
  first_moment_.copy_(loaded.tensors.at("optimiser.first_moment"));
  second_moment_.copy_(loaded.tensors.at("optimiser.second_moment"));
  parameters_.refresh_shadow();
  step_ = step;
  seconds = so_far;
  broken_ = false;
}

}  // namespace isthmus::train
