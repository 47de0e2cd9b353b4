#pragma once

#include <cstdint>
#include <span>

#include "isthmus/kernels/bfloat16.hpp"

namespace isthmus::kernels {

/// One step of Adam (Kingma & Ba 2015) or, when `decoupled`, AdamW (Loshchilov & Hutter 2019), as torch.optim
/// defines them. The gradient that counts is gradient_scale · g: the factor that clipping asks for.
struct AdamStep {
  int64_t step;  ///< 1 at the first update: corrects the bias of the moments, which start at 0
  double learning_rate;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0;
  bool decoupled = false;  ///< weight decay shrinks the parameters instead of joining the gradient
  double gradient_scale = 1;
};

/// Updates parameters and both moments in place, in one pass, and writes the new parameters rounded to
/// `shadow`, unless that is empty. All are flat and equally long; throws Error otherwise, or when step < 1.
/// Returns squared_norm(gradients), before any scaling, to float32's precision: it passes by anyway.
double adam(std::span<float> parameters, std::span<const float> gradients, std::span<float> first_moment,
            std::span<float> second_moment, const AdamStep& settings, std::span<Bfloat16> shadow = {});

/// Sum of squares, accumulated in double; the same bits on any number of threads.
double squared_norm(std::span<const float> numbers);

}  // namespace isthmus::kernels
