#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "isthmus/core/model.hpp"

namespace isthmus::testing {

inline Step training_step(int64_t index) {
  return {index, Noise(9, Purpose::training, index)};
}

inline const Tensor& term(const Loss& loss, std::string_view name) {
  for (const auto& [own, value] : loss.terms)
    if (own == name) return value;
  throw std::out_of_range(std::string(name));
}

/// Value and gradients of a loss, by the parameters' names.
struct LossAndGradients {
  double loss;
  std::vector<std::pair<std::string, Tensor>> gradients;
};

inline LossAndGradients loss_and_gradients(Model& model, const Batch& batch, Step step) {
  model.zero_grad();
  const Tensor loss = model.loss(batch, step).total();
  loss.backward();
  LossAndGradients result{loss.item<double>(), {}};
  for (const auto& item : model.named_parameters())
    result.gradients.emplace_back(item.key(), item.value().grad().clone());
  return result;
}

/// Bit for bit.
inline void expect_same(const LossAndGradients& a, const LossAndGradients& b) {
  EXPECT_EQ(a.loss, b.loss);
  ASSERT_EQ(a.gradients.size(), b.gradients.size());
  for (size_t i = 0; i < a.gradients.size(); ++i) {
    EXPECT_EQ(a.gradients[i].first, b.gradients[i].first);
    EXPECT_TRUE(a.gradients[i].second.equal(b.gradients[i].second)) << a.gradients[i].first;
  }
}

}  // namespace isthmus::testing
