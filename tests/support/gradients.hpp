#pragma once

#include <functional>
#include <vector>

#include <gtest/gtest.h>

#include "isthmus/core/torch.hpp"

namespace isthmus::test {

/// Holds the gradients of `scalar` in `leaves`, float64 tensors that it reads (the parameters of a model),
/// against central differences.
inline void check_gradients_of(const std::function<Tensor()>& scalar, const std::vector<Tensor>& leaves,
                               double tolerance = 1e-6) {
  scalar().backward();
  const at::NoGradGuard no_grad;
  constexpr double h = 1e-5;
  for (size_t i = 0; i < leaves.size(); ++i) {
    const Tensor flat = leaves[i].view({-1});
    const Tensor gradient = leaves[i].grad().reshape({-1});
    for (int64_t j = 0; j < flat.size(0); ++j) {
      const Tensor element = flat[j];
      const double value = element.item<double>();
      element.fill_(value + h);
      const double above = scalar().item<double>();
      element.fill_(value - h);
      const double below = scalar().item<double>();
      element.fill_(value);
      EXPECT_NEAR(gradient[j].item<double>(), (above - below) / (2 * h), tolerance)
          << "input " << i << "[" << j << "]";
    }
  }
}

/// The same of `f`, a function of tensors, which are taken in float64. What f returns is weighed by fixed
/// numbers, so that every element of it counts.
inline void check_gradients(const std::function<Tensor(const std::vector<Tensor>&)>& f,
                            std::vector<Tensor> inputs, double tolerance = 1e-6) {
  for (Tensor& input : inputs) input = input.detach().to(at::kDouble).clone().set_requires_grad(true);
  const auto scalar = [&] {
    const Tensor y = f(inputs);
    return (y * at::cos(at::arange(y.numel(), y.options().requires_grad(false)).view(y.sizes()))).sum();
  };
  check_gradients_of(scalar, inputs, tolerance);
}

/// The largest difference, over 1 + the largest number of the truth.
inline void expect_near(const Tensor& got, const Tensor& truth, const char* what, double tolerance = 3e-6) {
  ASSERT_TRUE(got.defined() && truth.defined()) << what;
  ASSERT_EQ(got.sizes(), truth.sizes()) << what;
  const double scale = 1 + truth.abs().max().item<double>();
  EXPECT_LT((got - truth).abs().max().item<double>() / scale, tolerance) << what;
}

/// The largest difference over the largest number of the truth.
inline double relative_error(const Tensor& got, const Tensor& truth) {
  return ((got - truth).abs().max() / truth.abs().max()).item<double>();
}

/// Gradients of sum(f · weights) with respect to the inputs that require them; undefined where unused.
inline std::vector<Tensor> gradients_of(const std::function<Tensor(const std::vector<Tensor>&)>& f,
                                        const std::vector<Tensor>& inputs) {
  std::vector<Tensor> leaves;
  for (const Tensor& input : inputs) leaves.push_back(input.detach().set_requires_grad(true));
  const Tensor y = f(leaves);
  (y * at::cos(at::arange(y.numel()).view(y.sizes()))).sum().backward();
  std::vector<Tensor> gradients;
  for (const Tensor& leaf : leaves) gradients.push_back(leaf.grad());
  return gradients;
}

}  // namespace isthmus::test
