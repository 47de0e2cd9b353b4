#include "isthmus/ops/logistic_regression.hpp"

#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include <ATen/Parallel.h>

#include "isthmus/ops/lbfgs.hpp"

namespace isthmus::ops {
namespace {

// Rows that are widened to float64 at a time: float64 throughout keeps the line search exact near the
// optimum, and a block at a time keeps the memory that of the float32 features.
constexpr int64_t block = 2048;

// The rows are cut into so many parts, which threads share out; the number does not depend on the threads, so
// neither does the sum over parts.
constexpr int64_t parts = 16;

}  // namespace

Tensor LogisticRegression::classify(const Tensor& features) const {
  std::vector<Tensor> classes;
  for (const Tensor& rows : features.split(block))
    classes.push_back(at::addmm(bias, rows.to(at::kDouble), weight.t()).argmax(1));
  return at::cat(classes);
}

LogisticRegression fit_logistic_regression(const Tensor& features, const Tensor& labels, int64_t classes,
                                           double l2, int64_t iterations,
                                           const std::function<void(int64_t steps)>& each) {
  const at::NoGradGuard no_grad;
  const int64_t width = features.size(1);
  const auto n = static_cast<double>(features.size(0));
  const std::vector<Tensor> rows = features.chunk(parts);
  const std::vector<Tensor> classes_of_rows = labels.chunk(parts);
  const auto count = static_cast<int64_t>(rows.size());

  // The parameters lie in one vector: W [classes, width], then b [classes].
  const auto parameters = [&](double* numbers) {
    const Tensor all = at::from_blob(numbers, {classes * (width + 1)}, at::kDouble);
    return std::pair{all.narrow(0, 0, classes * width).view({classes, width}),
                     all.narrow(0, classes * width, classes)};
  };
  const Tensor part_gradients = at::empty({count, classes * (width + 1)}, at::kDouble);
  std::vector<double> part_losses(rows.size());

  // One part's share of the summed cross-entropy and of its gradient.
  const auto add_part = [&](int64_t part, const Tensor& weight, const Tensor& bias) {
    auto* gradient = part_gradients.mutable_data_ptr<double>() + part * classes * (width + 1);
    const auto [weight_gradient, bias_gradient] = parameters(gradient);
    weight_gradient.zero_();
    bias_gradient.zero_();
    double sum = 0;
    const auto index = static_cast<size_t>(part);
    for (int64_t first = 0; first < rows[index].size(0); first += block) {
      const Tensor x = rows[index].slice(0, first, first + block).to(at::kDouble);
      const Tensor y = classes_of_rows[index].slice(0, first, first + block).unsqueeze(1);
      const Tensor log_p = at::addmm(bias, x, weight.t()).log_softmax(1);
      sum -= log_p.gather(1, y).sum().item<double>();
      const Tensor residual = log_p.exp().scatter_add(1, y, at::full_like(y, -1, at::kDouble));
      weight_gradient.addmm_(residual.t(), x);
      bias_gradient.add_(residual.sum(0));
    }
    part_losses[index] = sum;
  };

  const auto loss = [&](std::span<const double> at, std::span<double> gradient) {
    const auto [weight, bias] = parameters(const_cast<double*>(at.data()));  // NOLINT: read only
    at::parallel_for(0, count, 1, [&, w = weight, b = bias](int64_t from, int64_t to) {
      const at::NoGradGuard in_this_thread;
      for (int64_t part = from; part < to; ++part) add_part(part, w, b);
    });
    Tensor total = at::from_blob(gradient.data(), {classes * (width + 1)}, at::kDouble);
    at::sum_out(total, part_gradients, {0});
    parameters(gradient.data()).first.add_(weight, l2);
    total.div_(n);
    const double penalty = 0.5 * l2 * weight.square().sum().item<double>();
    return (std::accumulate(part_losses.begin(), part_losses.end(), 0.0) + penalty) / n;
  };

  std::vector<double> fitted(static_cast<size_t>(classes * (width + 1)), 0.0);
  const LbfgsResult result = minimise(loss, fitted, {.iterations = iterations}, each);
  const auto [weight, bias] = parameters(fitted.data());
  return {weight.clone(), bias.clone(), result.value, result.iterations, result.converged};
}

}  // namespace isthmus::ops
