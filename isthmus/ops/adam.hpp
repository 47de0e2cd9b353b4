#pragma once

#include <cstdint>

#include "isthmus/core/torch.hpp"

namespace isthmus::ops {

struct AdamOptions {
  double learning_rate = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0;
  bool decoupled = false;  ///< decay the parameters themselves (AdamW), not their gradient
};

/// One step of Adam (Kingma & Ba 2015, algorithm 1) or AdamW (Loshchilov & Hutter 2019), the arithmetic of
/// torch.optim.Adam and AdamW. All tensors have the same size; parameters and both moments change in place.
/// `step` counts from 1. Gradients are multiplied by `gradient_scale` first: clipping by the norm costs no
/// pass of its own. The new parameters are also written, rounded to bfloat16, to `shadow` where it is
/// defined. Returns the squared norm of the gradients as they came, to the precision of their type.
double adam(const Tensor& parameters, const Tensor& gradients, const Tensor& first_moment,
            const Tensor& second_moment, const AdamOptions& options, int64_t step, double gradient_scale = 1,
            const Tensor& shadow = {});

/// Sum of the squares, added up in float64.
double squared_norm(const Tensor& buffer);

namespace reference {
double adam(const Tensor& parameters, const Tensor& gradients, const Tensor& first_moment,
            const Tensor& second_moment, const AdamOptions& options, int64_t step, double gradient_scale = 1,
            const Tensor& shadow = {});
double squared_norm(const Tensor& buffer);
}  // namespace reference

}  // namespace isthmus::ops
