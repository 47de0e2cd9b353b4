#include "isthmus/ops/batch_mean.hpp"

#include <numeric>

#include "isthmus/ops/fused.hpp"
#include "isthmus/ops/spans.hpp"

namespace isthmus::ops {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

Tensor mean_of(const Tensor& x) {
  const auto all = numbers(x);
  const double sum = std::accumulate(all.begin(), all.end(), 0.0);
  return at::full({}, sum / static_cast<double>(all.size()), x.options());
}

struct BatchMean : torch::autograd::Function<BatchMean> {
  static Tensor forward(AutogradContext* context, const Tensor& x) {
    context->saved_data["sizes"] = x.sizes();
    return mean_of(x);
  }
  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto sizes = context->saved_data["sizes"].toIntVector();
    const auto count = static_cast<double>(c10::multiply_integers(sizes));
    const Tensor& g = gradients[0];
    // A graph of the backward pass needs operations that autograd sees.
    if (at::GradMode::is_enabled()) return {(g / count).expand(sizes)};
    return {at::full(sizes, g.item<double>() / count, g.options())};
  }
};

}  // namespace

Tensor reference::batch_mean(const Tensor& of_examples) {
  return of_examples.mean();
}

Tensor batch_mean(const Tensor& of_examples) {
  if (!eligible(of_examples) || of_examples.numel() == 0) return reference::batch_mean(of_examples);
  return BatchMean::apply(of_examples);
}

}  // namespace isthmus::ops
