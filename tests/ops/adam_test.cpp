#include "isthmus/ops/adam.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "isthmus/core/noise.hpp"
#include "isthmus/ops/fused.hpp"

namespace isthmus::ops {
namespace {

using Update = decltype(&adam);

struct State {
  Tensor parameters, first, second;
};

State start(const Tensor& parameters) {
  return {parameters.clone(), at::zeros_like(parameters), at::zeros_like(parameters)};
}

struct Case {
  AdamOptions options;
  std::vector<double> expected;  // three steps of torch.optim.Adam or AdamW in float64
};

const Case cases[] = {
    {{.learning_rate = 0.01}, {0.487723893496, -1.246492455637, 1.982409822741}},
    {{.learning_rate = 0.01, .epsilon = 1e-4, .weight_decay = 0.1},
     {0.483187190104, -1.237718599928, 1.980853307483}},
    {{.learning_rate = 0.01, .beta1 = 0.8, .beta2 = 0.99, .weight_decay = 0.1, .decoupled = true},
     {0.487502977556, -1.243531842994, 1.977464613515}}};

TEST(Adam, TakesTheStepsOfTorchOptim) {
  const std::vector<std::vector<double>> gradients{{0.1, -0.2, 3.0}, {0.0, 0.4, -1.0}, {-0.3, 1e-4, 0.25}};
  for (const at::ScalarType type : {at::kDouble, at::kFloat}) {
    for (const Case& c : cases) {
      const State state = start(at::tensor({0.5, -1.25, 2.0}, type));
      // Gradients twice too large and a scale of a half are the gradients themselves.
      for (size_t i = 0; i < 3; ++i)
        adam(state.parameters, 2 * at::tensor(gradients[i], type), state.first, state.second, c.options,
             static_cast<int64_t>(i) + 1, 0.5);
      for (int64_t i = 0; i < 3; ++i)
        EXPECT_NEAR(state.parameters[i].item<double>(), c.expected[static_cast<size_t>(i)],
                    type == at::kDouble ? 1e-11 : 3e-7);
    }
  }
}

TEST(Adam, IsItsReferenceAtEverySize) {
  for (const int64_t size : {1, 3, 16, 31, 1000, 100003}) {
    for (const Case& c : cases) {
      Noise noise(8);
      const State fused = start(noise.normal({size}));
      const State truth = start(fused.parameters);
      ASSERT_TRUE(eligible(fused.parameters));
      const Tensor shadow = at::zeros({size}, at::kBFloat16);
      const Tensor true_shadow = at::zeros({size}, at::kBFloat16);
      for (int64_t step = 1; step <= 4; ++step) {
        const Tensor gradients = noise.normal({size});
        const double norm =
            adam(fused.parameters, gradients, fused.first, fused.second, c.options, step, 0.7, shadow);
        EXPECT_TRUE(shadow.equal(fused.parameters.to(at::kBFloat16)));
        EXPECT_NEAR(norm / reference::adam(truth.parameters, gradients, truth.first, truth.second, c.options,
                                           step, 0.7, true_shadow),
                    1, 1e-5);
        EXPECT_TRUE(true_shadow.equal(truth.parameters.to(at::kBFloat16)));
      }
      EXPECT_TRUE(fused.parameters.allclose(truth.parameters, 1e-5, 1e-6)) << size;
      EXPECT_TRUE(fused.first.allclose(truth.first, 1e-5, 1e-7)) << size;
      EXPECT_TRUE(fused.second.allclose(truth.second, 1e-5, 1e-9)) << size;
    }
  }
}

TEST(SquaredNorm, IsItsReference) {
  Noise noise(9);
  for (const int64_t size : {1, 17, 4096, 100003}) {
    const Tensor numbers = noise.normal({size}) * 100;
    const double truth = reference::squared_norm(numbers);
    EXPECT_NEAR(squared_norm(numbers) / truth, 1, 1e-7);
    EXPECT_NEAR(squared_norm(at::stack({numbers, numbers}, 1).select(1, 0)) / truth, 1, 1e-7);
  }
  EXPECT_TRUE(std::isnan(squared_norm(at::tensor({1.0F, std::nanf(""), 2.0F}))));
}

}  // namespace
}  // namespace isthmus::ops
