#include "isthmus/ops/logistic_regression.hpp"

#include <span>
#include <vector>

#include "isthmus/ops/lbfgs.hpp"

namespace isthmus::ops {
namespace {

// Rows that are widened to float64 at a time: float64 throughout keeps the line search exact near the
// optimum, and a block at a time keeps the memory that of the float32 features.
constexpr int64_t block = 4096;

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
  const std::vector<Tensor> rows = features.split(block);
  const std::vector<Tensor> classes_of_rows = labels.split(block);

  // The parameters lie in one vector: W [classes, width], then b [classes].
  const auto parameters = [&](double* numbers) {
    const Tensor all = at::from_blob(numbers, {classes * (width + 1)}, at::kDouble);
    return std::pair{all.narrow(0, 0, classes * width).view({classes, width}),
                     all.narrow(0, classes * width, classes)};
  };
  const auto loss = [&](std::span<const double> at, std::span<double> gradient) {
    const auto [weight, bias] = parameters(const_cast<double*>(at.data()));  // NOLINT: read only
    const auto [weight_gradient, bias_gradient] = parameters(gradient.data());
    weight_gradient.copy_(weight).mul_(l2);
    bias_gradient.zero_();
    double sum = 0.5 * l2 * weight.square().sum().item<double>();
    for (size_t i = 0; i < rows.size(); ++i) {
      const Tensor x = rows[i].to(at::kDouble);
      const Tensor y = classes_of_rows[i].unsqueeze(1);
      const Tensor log_p = at::addmm(bias, x, weight.t()).log_softmax(1);
      sum -= log_p.gather(1, y).sum().item<double>();
      const Tensor residual = log_p.exp().scatter_add(1, y, at::full_like(y, -1, at::kDouble));
      weight_gradient.addmm_(residual.t(), x);
      bias_gradient.add_(residual.sum(0));
    }
    weight_gradient.div_(n);
    bias_gradient.div_(n);
    return sum / n;
  };

  std::vector<double> fitted(static_cast<size_t>(classes * (width + 1)), 0.0);
  const LbfgsResult result = minimise(loss, fitted, {.iterations = iterations}, each);
  const auto [weight, bias] = parameters(fitted.data());
  return {weight.clone(), bias.clone(), result.value, result.iterations, result.converged};
}

}  // namespace isthmus::ops
