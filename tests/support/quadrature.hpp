#pragma once

#include <functional>

#include "isthmus/core/torch.hpp"

namespace isthmus::test {

/// ∫ f over [from, to] by the midpoint rule on `points` points; f maps [points] to [points], float64.
inline double integral(const std::function<Tensor(const Tensor&)>& f, double from, double to,
                       int64_t points = 200000) {
  const double width = (to - from) / static_cast<double>(points);
  const Tensor x = from + width * (at::arange(points, at::kDouble) + 0.5);
  return f(x).sum().item<double>() * width;
}

}  // namespace isthmus::test
