#pragma once

#include <cstdint>

#include "isthmus/models/discrete_vae.hpp"

namespace isthmus::models::discrete_vae {

inline Config config_of(Gradient gradient, int64_t variables = 4) {
  Config config;
  config.backbone.hidden = {16};
  config.backbone.activation = ops::Activation::tanh;
  config.variables = variables;
  config.gradient = gradient;
  return config;
}

inline Config categorical(Gradient gradient, int64_t variables = 2, int64_t categories = 3) {
  Config config = config_of(gradient, variables);
  config.latents = Latents::categorical;
  config.categories = categories;
  return config;
}

inline DataSpec small_images() {
  return {.shape = {1, 4, 4}, .binary = true, .mean = at::full({1, 4, 4}, 0.3F)};
}

/// Half of them dark above, half below, so that there is something to encode.
inline Batch images(int64_t count, uint64_t seed = 2) {
  const Tensor above = (at::arange(count) % 2).to(at::kFloat).view({count, 1, 1, 1});
  const Tensor half = (at::arange(4) < 2).to(at::kFloat).view({1, 1, 4, 1});
  const Tensor grey = 0.1 + 0.7 * (above * half + (1 - above) * (1 - half));
  return {.x = Noise(seed, Purpose::evaluation).bernoulli(grey.expand({count, 1, 4, 4}))};
}

inline distributions::DiscreteCode code_of(const Config& config) {
  return {config.variables, config.latents == Latents::categorical ? config.categories : 0};
}

/// log p(x|z), [batch, states], by the decoder's probabilities, in float64.
inline Tensor log_likelihoods(Model& model, const Tensor& states, const Tensor& x) {
  const Tensor p = model.decode(states).flatten(1).to(at::kDouble);
  const Tensor pixels = x.flatten(1).to(at::kDouble);
  return at::mm(pixels, at::log(p).t()) + at::mm(1 - pixels, at::log(1 - p).t());
}

/// log q(z|x), [batch, states], by the encoder's probabilities, in float64.
inline Tensor log_posteriors(Model& model, const Config& config, const Tensor& states, const Tensor& x) {
  const Tensor p = model.encode(x).to(at::kDouble);
  const Tensor z = states.to(at::kDouble);
  const Tensor on = at::mm(at::log(p), z.t());
  return config.latents == Latents::categorical ? on : on + at::mm(at::log(1 - p), (1 - z).t());
}

/// All but the baseline's.
inline std::vector<std::pair<std::string, Tensor>> own_parameters(Model& model) {
  std::vector<std::pair<std::string, Tensor>> own;
  for (const auto& item : model.named_parameters())
    if (!item.key().starts_with("baseline")) own.emplace_back(item.key(), item.value());
  return own;
}

/// The gradient of all parameters but the baseline's, [parameters], float64; or of those whose names begin
/// so.
inline Tensor gradient_of(Model& model, std::string_view which = "") {
  std::vector<Tensor> parts;
  for (const auto& [name, value] : own_parameters(model))
    if (name.starts_with(which)) parts.push_back(value.grad().flatten());
  return at::cat(parts).to(at::kDouble);
}

}  // namespace isthmus::models::discrete_vae
