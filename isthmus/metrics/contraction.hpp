#pragma once

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>

#include <torch/csrc/autograd/autograd.h>

#include "isthmus/core/metric.hpp"
#include "isthmus/core/why_empty.hpp"
#include "isthmus/core/why_no_code.hpp"
#include "isthmus/ops/jacobian.hpp"
#include "isthmus/ops/running_mean.hpp"

/// ‖∂code/∂x‖_F, mean over images: how far the code moves when the image does (Rifai et al. 2011). Exact,
/// whatever the encoder: every code unit is sent back to the pixels.
namespace isthmus::metrics::contraction {

inline constexpr std::string_view summary =
    "Frobenius norm of the code's Jacobian, mean over images; lower is more contractive";

struct Config {
  int64_t images = 1000;

  static Config quick() { return {.images = 100}; }

  static constexpr auto fields() {
    return std::tuple{
        field<&Config::images>("the first so many images of the split; 0 takes all", non_negative),
    };
  }
};

/// Whether autograd finds its way from the code of an example back to its pixels.
inline bool is_differentiable(const Subject& subject) {
  const at::AutoGradMode follow(true);
  const Tensor x = first_examples(subject, 1).x.detach().clone().set_requires_grad(true);
  const Tensor code = subject.can<Encoder>()->encode(x);
  if (!code.requires_grad()) return false;
  return torch::autograd::grad({code.sum()}, {x}, {}, std::nullopt, false, /*allow_unused=*/true)[0]
      .defined();
}

inline std::optional<std::string> why_not(const Subject& subject) {
  if (const auto reason = why_no_code(subject))
    return "contraction is of the code's Jacobian, and " + *reason + "; use `reconstruction`";
  if (auto empty = why_empty(subject)) return empty;
  if (!is_differentiable(subject))
    return "contraction is of the code's Jacobian, and this model's code has none: its encoder rounds or "
           "looks up; use `reconstruction`";
  return std::nullopt;
}

inline Measurement measure(const Subject& subject, const Config& config) {
  const at::NoGradGuard no_graph;  // of the norms: nobody differentiates them
  const int64_t total = subject.count(config.images);
  const auto encode = [&](const Tensor& x) { return subject.can<Encoder>()->encode(x); };
  ops::RunningMean norms;
  ops::RunningMean squares;
  double largest = 0;
  for_each_batch(subject, 100, config.images, [&](const Batch& batch, int64_t first) {
    const Tensor each = ops::squared_jacobian_norm(encode, batch.x).to(at::kCPU, at::kDouble);
    for (int64_t row = 0; row < batch.size(); ++row) {
      const double square = each.const_data_ptr<double>()[row];
      norms.add(std::sqrt(square));
      squares.add(square);
      largest = std::max(largest, std::sqrt(square));
    }
    subject.progress(first + batch.size(), total, "images");
  });

  Measurement result{.value = norms.mean(), .standard_error = norms.standard_error(), .unit = "code/input"};
  result.more = {
      {"mean_square", squares.mean()}, {"largest", largest}, {"images", static_cast<double>(norms.count())}};
  return result;
}

}  // namespace isthmus::metrics::contraction
