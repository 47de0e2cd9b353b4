#include "isthmus/kernels/adam.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "isthmus/core/error.hpp"

#include "tests/kernels/numbers.hpp"
#include "tests/kernels/targets.hpp"

namespace isthmus::kernels {
namespace {

/// Parameters, gradients and moments in the middle of a training.
struct State {
  std::vector<float> p, g, m, v;
  explicit State(int64_t n) : p(normal(1, n, 0)), g(normal(1, n, 1)), m(normal(1, n, 2)), v(normal(1, n, 3)) {
    for (float& x : v) x *= x;
  }
  void step(const AdamStep& s) { adam(p, g, m, v, s); }
};

TEST(Adam, TakesTheStepsOfTorch) {
  struct Case {
    double weight_decay;
    bool decoupled;
    std::vector<float> after;  // torch 2.13, three steps at learning rate 0.01, betas 0.9 and 0.99, eps 1e-6
  };
  for (const Case& c : {Case{0, false, {0.970805943f, -1.97100925f, 0.5f, -0.00976749137f}},
                        Case{0.1, false, {0.97052592f, -1.9700042f, 0.470020235f, -0.00976659358f}},
                        Case{0.1, true, {0.967838645f, -1.96504474f, 0.498501539f, -0.00975115784f}}}) {
    on_every_target([&] {
      std::vector<float> p{1.0f, -2.0f, 0.5f, 0.0f}, m(4), v(4);
      for (int64_t step = 1; step <= 3; ++step) {
        const float s = static_cast<float>(step);
        // Doubled here and halved by the scale, which must therefore act before anything else.
        std::vector<float> g{0.6f * s, -2e-4f * s, 0.0f, -10.0f * s * (step % 2 ? -1.0f : 1.0f)};
        adam(p, g, m, v,
             {.step = step,
              .learning_rate = 0.01,
              .beta2 = 0.99,
              .epsilon = 1e-6,
              .weight_decay = c.weight_decay,
              .decoupled = c.decoupled,
              .gradient_scale = 0.5});
      }
      for (size_t i = 0; i < 4; ++i) EXPECT_NEAR(p[i], c.after[i], 2.5e-7) << i;
    });
  }
}

TEST(Adam, EveryTargetAndLengthAgreesWithDouble) {
  on_every_target([] {
    for (int64_t n = 0; n <= 1000; n = n < 67 ? n + 1 : n + 933) {
      for (const bool decoupled : {false, true}) {
        const AdamStep s{.step = 17,
                         .learning_rate = 3e-3,
                         .weight_decay = 0.02,
                         .decoupled = decoupled,
                         .gradient_scale = 0.7};
        const State before(n);
        State after(n);
        after.step(s);
        for (size_t i = 0; i < static_cast<size_t>(n); ++i) {
          double p = before.p[i];
          const double g = 0.7 * before.g[i] + (decoupled ? 0 : 0.02 * p);
          const double m = 0.9 * before.m[i] + 0.1 * g;
          const double v = 0.999 * before.v[i] + 0.001 * g * g;
          if (decoupled) p *= 1 - 3e-3 * 0.02;
          p -= 3e-3 * (m / (1 - std::pow(0.9, 17))) / (std::sqrt(v / (1 - std::pow(0.999, 17))) + 1e-8);
          EXPECT_NEAR(after.m[i], m, 3e-7 * (1 + std::abs(m)));
          EXPECT_NEAR(after.v[i], v, 3e-7 * (1 + v));
          EXPECT_NEAR(after.p[i], p, 3e-7 * (1 + std::abs(p)) + 1e-6 * std::abs(p - before.p[i]));
        }
      }
    }
  });
}

TEST(Adam, WritesTheNewParametersRoundedAndDoesTheSame) {
  on_every_target([] {
    for (const int64_t n : {1, 7, 16, 33, 20000}) {
      State plain(n), shadowed(n);
      plain.step({.step = 2, .learning_rate = 0.1});
      std::vector<Bfloat16> shadow(static_cast<size_t>(n));
      adam(shadowed.p, shadowed.g, shadowed.m, shadowed.v, {.step = 2, .learning_rate = 0.1}, shadow);
      EXPECT_EQ(shadowed.p, plain.p);
      for (size_t i = 0; i < static_cast<size_t>(n); ++i) EXPECT_EQ(shadow[i], to_bfloat16(plain.p[i]));
    }
  });
}

TEST(Adam, ReturnsTheSquaredNormOfTheGradientsAsTheyCame) {
  on_every_target([] {
    for (const int64_t n : {0, 1, 7, 16, 33, 20000}) {
      State state(n);
      const double norm = squared_norm(state.g);
      const double seen = adam(state.p, state.g, state.m, state.v,
                               {.step = 1, .learning_rate = 0.1, .weight_decay = 0.3, .gradient_scale = 0.5});
      EXPECT_NEAR(seen, norm, 1e-5 * norm);
    }
    State broken(50);
    broken.g[17] = std::numeric_limits<float>::quiet_NaN();
    EXPECT_TRUE(std::isnan(adam(broken.p, broken.g, broken.m, broken.v, {.step = 1, .learning_rate = 0.1})));
  });
}

TEST(Adam, MovesAParameterThatNeverHadAGradientNowhere) {
  on_every_target([] {
    std::vector<float> p(40, 2.0f), g(40), m(40), v(40);
    adam(p, g, m, v, {.step = 1, .learning_rate = 0.1});
    EXPECT_EQ(p, std::vector<float>(40, 2.0f));
  });
}

TEST(Adam, ThreadsDoNotChangeABit) {
  State one(200001);
  with_threads(1, [&] { one.step({.step = 3, .learning_rate = 0.1, .weight_decay = 0.1}); });
  for (const int threads : {2, 3, 5}) {
    State many(200001);
    with_threads(threads, [&] { many.step({.step = 3, .learning_rate = 0.1, .weight_decay = 0.1}); });
    EXPECT_EQ(many.p, one.p);
    EXPECT_EQ(many.m, one.m);
    EXPECT_EQ(many.v, one.v);
    const double alone = squared_norm(one.p);
    with_threads(threads, [&] { EXPECT_EQ(squared_norm(one.p), alone); });
  }
}

TEST(Adam, RefusesUnequalLengthsAndStepZero) {
  std::vector<float> four(4), three(3);
  EXPECT_THROW(adam(four, three, four, four, {.step = 1, .learning_rate = 1}), Error);
  EXPECT_THROW(adam(four, four, three, four, {.step = 1, .learning_rate = 1}), Error);
  EXPECT_THROW(adam(four, four, four, three, {.step = 1, .learning_rate = 1}), Error);
  EXPECT_THROW(adam(four, four, four, four, {.step = 0, .learning_rate = 1}), Error);
  std::vector<Bfloat16> shadow(3);
  EXPECT_THROW(adam(four, four, four, four, {.step = 1, .learning_rate = 1}, shadow), Error);
}

TEST(SquaredNorm, IsTheSumInDouble) {
  on_every_target([] {
    for (const int64_t n : {0, 1, 2, 3, 7, 15, 16, 17, 31, 33, 63, 65, 67, 784, 1000, 16384, 16385, 50001}) {
      const auto x = normal(1, n, 9);
      double sum = 0;
      for (const float v : x) sum += static_cast<double>(v) * v;
      EXPECT_NEAR(squared_norm(x), sum, 1e-12 * sum);
    }
  });
}

}  // namespace
}  // namespace isthmus::kernels
