#pragma once

#include <cstdint>
#include <functional>

#include "isthmus/train/training.hpp"

namespace isthmus::train {

/// Where the time of a training step goes. Milliseconds; medians over the steps that were timed.
struct StepTimes {
  int64_t steps = 0;
  double median = 0;     ///< of a whole step
  double minimum = 0;    ///< the quickest
  double data = 0;       ///< making the batch, or waiting for it
  double forward = 0;    ///< the loss
  double backward = 0;   ///< its gradient
  double optimiser = 0;  ///< the step of the parameters
  /// The dense matrix products and convolutions of one step alone, on tensors of the same sizes and strides,
  /// and with the caches as they leave them: what no arrangement of the rest could save. A layer that
  /// multiplies few numbers alone (of k-sparse codes) has none.
  double bound = 0;
  int64_t products = 0;  ///< how many these are

  double loss = 0;  ///< its mean over these steps: who compares must see that both do the same work

  double share_of_bound() const { return median > 0 ? bound / median : 0; }
};

/// Takes `warm_up` steps and then times `steps` more, with `rounds` of the bound in between, so that both see
/// the same machine. The training moves on as if fit() had trained it. `each` is called after every timed
/// step.
StepTimes measure_step(
    Training& training, int64_t steps, int64_t warm_up, int64_t rounds = 20,
    const std::function<void(int64_t steps)>& each = [](int64_t) {});

}  // namespace isthmus::train
