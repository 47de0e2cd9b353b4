// Every fused op beside its reference, forward and backward, at the shapes of recipes/bench. bench/ops.py
// makes a table of it: a fused path that wins under 10 % goes.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "isthmus/core/allocator.hpp"
#include "isthmus/core/denormals.hpp"
#include "isthmus/core/noise.hpp"
#include "isthmus/ops/adam.hpp"
#include "isthmus/ops/batch_mean.hpp"
#include "isthmus/ops/bf16_products.hpp"
#include "isthmus/ops/discretised_logistic.hpp"
#include "isthmus/ops/gaussian_draw.hpp"
#include "isthmus/ops/gradients_in_place.hpp"
#include "isthmus/ops/layer_jacobian.hpp"
#include "isthmus/ops/likelihood.hpp"
#include "isthmus/ops/linear.hpp"
#include "isthmus/ops/top_k.hpp"

namespace {

using namespace isthmus;
using Tensors = std::vector<Tensor>;
using Op = std::function<Tensor(const Tensors&)>;

/// Forward, and backward into memory that is there already, as in a training step.
void forward_and_backward(const std::string& name, const Op& op, Tensors inputs, size_t parameters) {
  benchmark::RegisterBenchmark(name.c_str(),
                               [=](benchmark::State& state) {
                                 flush_denormals();
                                 Tensors leaves;
                                 for (size_t i = 0; i < inputs.size(); ++i) {
                                   leaves.push_back(inputs[i].detach().clone());
                                   if (i >= parameters) continue;
                                   leaves[i].requires_grad_();
                                   leaves[i].mutable_grad() = at::zeros_like(leaves[i]);
                                 }
                                 const Tensor weights = at::ones_like(op(leaves).detach());
                                 const Tensors learned(leaves.begin(),
                                                       leaves.begin() + static_cast<int64_t>(parameters));
                                 for (auto _ : state) {
                                   ops::GradientsInPlace in_place(learned);
                                   op(leaves).backward(weights);
                                   in_place.finish();
                                 }
                               })
      ->UseRealTime()
      ->Unit(benchmark::kMicrosecond);
}

void both(const std::string& name, const Op& reference, const Op& fused, const Tensors& inputs,
          size_t parameters) {
  forward_and_backward(name + "/reference", reference, inputs, parameters);
  forward_and_backward(name + "/fused", fused, inputs, parameters);
}

void adam(const std::string& name, int64_t size, bool fused) {
  benchmark::RegisterBenchmark(
      (name + (fused ? "/fused" : "/reference")).c_str(),
      [=](benchmark::State& state) {
        flush_denormals();
        Noise noise(1);
        const Tensor parameters = noise.normal({size}), gradients = noise.normal({size});
        const Tensor first = at::zeros({size}), second = at::zeros({size});
        int64_t step = 0;
        for (auto _ : state)
          (fused ? ops::adam : ops::reference::adam)(parameters, gradients, first, second, {}, ++step, 1, {});
      })
      ->UseRealTime()
      ->Unit(benchmark::kMicrosecond);
}

void linear(int64_t rows, int64_t inputs, int64_t outputs, ops::Activation activation,
            const std::string& what, bool low = false) {
  Noise noise(1);
  const auto with = [&](auto layer) {
    return [=](const Tensors& t) {
      std::optional<ops::Bf16Products> in_bfloat16;
      if (low) in_bfloat16.emplace(ops::Shadow{});
      return layer(t[0], t[1], t[2], activation);
    };
  };
  both(fmt::format("linear {}x{}, {} rows, {}", inputs, outputs, rows, what), with(ops::reference::linear),
       with(ops::linear),
       {noise.normal({rows, inputs}), noise.normal({outputs, inputs}) / 30, noise.normal({outputs})}, 3);
}

void register_all() {
  Noise noise(2);
  linear(128, 784, 400, ops::Activation::relu, "relu");
  linear(20, 784, 200, ops::Activation::tanh, "tanh");
  linear(1000, 200, 784, ops::Activation::identity, "identity");
  linear(128, 784, 400, ops::Activation::relu, "relu, bf16", true);
  linear(20, 784, 200, ops::Activation::tanh, "tanh, bf16", true);
  linear(1000, 200, 784, ops::Activation::identity, "identity, bf16", true);

  const Tensor x = noise.bernoulli(at::full({128, 784}, 0.3F));
  both(
      "bernoulli_log_likelihood, 128 rows",
      [](const Tensors& t) { return ops::reference::bernoulli_log_likelihood(t[0], t[1], 1); },
      [](const Tensors& t) { return ops::bernoulli_log_likelihood(t[0], t[1], 1); },
      {noise.normal({128, 784}), x}, 1);
  both(
      "bernoulli_log_likelihood, 20 rows of 50 draws",
      [](const Tensors& t) { return ops::reference::bernoulli_log_likelihood(t[0], t[1], 50); },
      [](const Tensors& t) { return ops::bernoulli_log_likelihood(t[0], t[1], 50); },
      {noise.normal({1000, 784}), x.narrow(0, 0, 20).contiguous()}, 1);
  both(
      "gaussian_log_likelihood, 64 rows of 3072",
      [](const Tensors& t) { return ops::reference::gaussian_log_likelihood(t[0], t[1], t[2], 1); },
      [](const Tensors& t) { return ops::gaussian_log_likelihood(t[0], t[1], t[2], 1); },
      {noise.normal({64, 3072}), at::zeros({}), noise.uniform({64, 3072})}, 2);

  const auto pixels = (noise.uniform({64, 3072}) * 255).round() / 255;
  both(
      "discretised_logistic_log_likelihood, 64 rows of 3072",
      [=](const Tensors& t) {
        return ops::reference::discretised_logistic_log_likelihood(t[0], t[1], pixels, 1);
      },
      [=](const Tensors& t) { return ops::discretised_logistic_log_likelihood(t[0], t[1], pixels, 1); },
      {noise.uniform({64, 3072}), noise.normal({64, 3072}) - 3}, 2);

  const auto kl = [](auto draw) {
    return [=](const Tensors& t) {
      const auto [z, nats] = draw(t[0], t[1]);
      return z.sum(1) + nats;
    };
  };
  both("draw_and_kl, 128 rows of 20", kl(ops::reference::draw_and_kl), kl(ops::draw_and_kl),
       {noise.normal({128, 40}), noise.normal({128, 20})}, 1);
  const auto ratio = [](auto draw) {
    return [=](const Tensors& t) {
      const auto [z, nats] = draw(t[0], t[1]);
      return z.sum(2) + nats;
    };
  };
  both("draw_and_ratio, 20 rows of 50 draws of 50", ratio(ops::reference::draw_and_ratio),
       ratio(ops::draw_and_ratio), {noise.normal({20, 100}), noise.normal({20, 50, 50})}, 1);

  both(
      "batch_mean, of 128", [](const Tensors& t) { return ops::reference::batch_mean(t[0]); },
      [](const Tensors& t) { return ops::batch_mean(t[0]); }, {noise.normal({128})}, 1);
  both(
      "keep_top_k, 25 of 1000, 100 rows",
      [](const Tensors& t) { return ops::reference::keep_top_k(t[0], 25); },
      [](const Tensors& t) { return ops::keep_top_k(t[0], 25); }, {noise.normal({100, 1000})}, 1);
  both(
      "a tied layer of 25 kept of 1000, 100 rows",
      [](const Tensors& t) {
        return ops::reference::linear(ops::reference::keep_top_k(t[0], 25), t[1].t(), t[2]);
      },
      [](const Tensors& t) { return ops::linear(ops::keep_top_k(t[0], 25), t[1].t(), t[2]); },
      {noise.normal({100, 1000}), noise.normal({1000, 784}) / 30, noise.normal({784})}, 3);
  both(
      "layer_squared_jacobian_norm, 784-1000, 100 rows",
      [](const Tensors& t) {
        return ops::reference::layer_squared_jacobian_norm(t[0], t[1], ops::Activation::sigmoid);
      },
      [](const Tensors& t) { return ops::layer_squared_jacobian_norm(t[0], t[1], ops::Activation::sigmoid); },
      {noise.uniform({100, 1000}), noise.normal({1000, 784}) / 30}, 2);

  for (const bool fused : {false, true}) adam("adam, 628,000 parameters", 628'000, fused);
}

}  // namespace

int main(int count, char** words) {
  settle_allocator();  // as the program does
  benchmark::Initialize(&count, words);
  register_all();
  benchmark::RunSpecifiedBenchmarks();
}
