#include "isthmus/nn/observation.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include <fmt/format.h>

#include "isthmus/core/error.hpp"
#include "isthmus/distributions/bernoulli.hpp"
#include "isthmus/distributions/discretised_logistic.hpp"
#include "isthmus/nn/initial.hpp"
#include "isthmus/ops/discretised_logistic.hpp"
#include "isthmus/ops/likelihood.hpp"

namespace isthmus::nn {
namespace {

namespace bernoulli = distributions::bernoulli;
namespace discretised_logistic = distributions::discretised_logistic;

/// A Gaussian's variance of a pixel never falls below that of half a grey level: a decoder that learns the
/// variance of a pixel that never changes would else drive its density, and the gradient, to infinity.
const double least_log_variance = 2 * std::log(0.5 / 255);

/// Of one part of all pairs of examples and outputs.
constexpr int64_t floats_at_once = 4'000'000;

double log_spread_of(Likelihood likelihood, double sigma) {
  if (likelihood == Likelihood::gaussian) return 2 * std::log(sigma);
  return std::log(sigma * std::numbers::sqrt3 / std::numbers::pi);  // a logistic's deviation is scale · π/√3
}

}  // namespace

Observation::Observation(const Config& config, const DataSpec& data) : config_(config), data_(data) {
  if (config.likelihood != Likelihood::gaussian && !data.unit)
    throw UsageError({.who = "likelihood",
                      .expected = fmt::format("values from 0 to 1 under {}", enum_name(config.likelihood)),
                      .got = "data with values outside",
                      .hint = "--likelihood gaussian, or data scaled to 0 … 1"});
  if (config.likelihood == Likelihood::bernoulli) return;
  first_log_spread_ = log_spread_of(config.likelihood, config.sigma);
  if (config.variance == Variance::per_pixel) return;
  const std::string name = config.likelihood == Likelihood::gaussian ? "log_variance" : "log_scale";
  const Tensor start = at::full({}, first_log_spread_, at::kFloat);
  log_spread =
      config.variance == Variance::scalar ? register_parameter(name, start) : register_buffer(name, start);
}

bool Observation::spread_from_decoder() const {
  return config_.likelihood != Likelihood::bernoulli && config_.variance == Variance::per_pixel;
}

Shape Observation::output_shape() const {
  Shape shape = data_.shape;
  if (spread_from_decoder()) shape.front() *= 2;
  return shape;
}

void Observation::start(Network& decoder) const {
  const at::NoGradGuard no_grad;
  Tensor bias = decoder.output_bias();
  const int64_t locations = spread_from_decoder() ? bias.size(0) / 2 : bias.size(0);
  if (spread_from_decoder()) bias.narrow(0, locations, locations).fill_(first_log_spread_);
  if (data_.mean.defined())
    start_at_mean(bias.narrow(0, 0, locations), data_.mean, config_.likelihood == Likelihood::bernoulli);
}

Observation::Reading Observation::read(const Tensor& outputs) const {
  const Tensor flat = outputs.flatten(1).to(at::kFloat);
  if (!spread_from_decoder()) return {flat, log_spread};
  const int64_t d = flat.size(1) / 2;
  const Tensor spread = flat.narrow(1, d, d);
  if (config_.likelihood == Likelihood::discretised_logistic) return {flat.narrow(1, 0, d), spread};
  return {flat.narrow(1, 0, d), least_log_variance + at::softplus(spread - least_log_variance)};
}

Tensor Observation::log_prob(const Tensor& outputs, const Tensor& x, int64_t repeat) const {
  const auto [location, spread] = read(outputs);
  const Tensor target = x.flatten(1).to(at::kFloat);
  switch (config_.likelihood) {
    case Likelihood::bernoulli:
      return ops::bernoulli_log_likelihood(location, target, repeat);
    case Likelihood::gaussian:
      return ops::gaussian_log_likelihood(location, spread, target, repeat);
    case Likelihood::discretised_logistic:
      break;
  }
  return ops::discretised_logistic_log_likelihood(location, spread, target, repeat);
}

Tensor Observation::log_prob_of_each(const Tensor& outputs, const Tensor& x) const {
  const auto [location, spread] = read(outputs);
  const Tensor target = x.flatten(1).to(at::kDouble);  // [batch, d]
  const Tensor each = location.to(at::kDouble);        // [states, d]
  switch (config_.likelihood) {
    case Likelihood::bernoulli:
      return (at::mm(target, each.t()) + at::log_sigmoid(-each).sum(1)).to(at::kFloat);
    case Likelihood::gaussian: {
      // Σ (x − m)² / v = Σ x²/v − 2 Σ x m/v + Σ m²/v
      const Tensor log_variance = spread.to(at::kDouble).expand(each.sizes());
      const Tensor precision = at::exp(-log_variance);
      const Tensor constant =
          (each.square() * precision + log_variance + std::log(2 * std::numbers::pi)).sum(1);
      const Tensor squares =
          at::mm(target.square(), precision.t()) - 2 * at::mm(target, (each * precision).t());
      return (-0.5 * (squares + constant)).to(at::kFloat);
    }
    case Likelihood::discretised_logistic:
      break;
  }
  // No product stands for it: every pair of pixels, some of the states at a time.
  const int64_t states_at_once = std::max<int64_t>(1, floats_at_once / target.numel());
  std::vector<Tensor> parts;
  for (int64_t first = 0; first < each.size(0); first += states_at_once) {
    const int64_t count = std::min(states_at_once, each.size(0) - first);
    parts.push_back(
        ops::discretised_logistic_log_mass(location.narrow(0, first, count),
                                           spread.dim() == 2 ? spread.narrow(0, first, count) : spread,
                                           x.flatten(1).to(at::kFloat).unsqueeze(1))
            .sum(-1));
  }
  return at::cat(parts, 1);
}

Tensor Observation::mean(const Tensor& outputs) const {
  Tensor location = read(outputs).location.reshape(batch_shape(outputs.size(0), data_.shape));
  switch (config_.likelihood) {
    case Likelihood::bernoulli:
      return at::sigmoid(location);
    case Likelihood::gaussian:
      return location;
    case Likelihood::discretised_logistic:
      break;
  }
  return location.clamp(0, 1);
}

Tensor Observation::draw(const Tensor& outputs, Noise& noise) const {
  const at::NoGradGuard no_grad;
  const Shape shape = batch_shape(outputs.size(0), data_.shape);
  const auto [location, spread] = read(outputs);
  switch (config_.likelihood) {
    case Likelihood::bernoulli:
      return bernoulli::draw(location, noise).view(shape);
    case Likelihood::gaussian: {
      const Tensor epsilon = noise.normal(location.sizes(), location.device());
      return (location + at::exp(0.5 * spread) * epsilon).view(shape);
    }
    case Likelihood::discretised_logistic:
      break;
  }
  return discretised_logistic::draw(location, spread, noise).view(shape);
}

std::optional<std::string> Observation::no_likelihood() const {
  if (config_.likelihood != Likelihood::bernoulli || data_.binary) return std::nullopt;
  return "a Bernoulli likelihood of grey pixels is not normalised, so its numbers are no log-likelihoods; "
         "try --data.binarise dynamic, or --likelihood gaussian";
}

}  // namespace isthmus::nn
