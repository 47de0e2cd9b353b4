#pragma once

#include <cmath>
#include <cstdint>
#include <functional>

#include "isthmus/core/model.hpp"
#include "isthmus/ops/adam.hpp"
#include "isthmus/train/flat_parameters.hpp"

namespace isthmus::testing {

/// Minimises `loss` (of a step) by Adam, the learning rate falling evenly in its logarithm to a hundredth.
inline void descend(Model& model, int64_t steps, double learning_rate,
                    const std::function<Tensor(int64_t step)>& loss) {
  train::FlatParameters parameters(model);
  const Tensor first = at::zeros_like(parameters.values());
  const Tensor second = at::zeros_like(parameters.values());
  for (int64_t step = 0; step < steps; ++step) {
    parameters.gradients().zero_();
    loss(step).backward();
    const double done = static_cast<double>(step) / static_cast<double>(steps);
    ops::adam(parameters.values(), parameters.gradients(), first, second,
              {.learning_rate = learning_rate * std::pow(0.01, done)}, step + 1);
  }
}

}  // namespace isthmus::testing
