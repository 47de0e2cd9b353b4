#include "isthmus/ops/logistic_regression.hpp"

#include <algorithm>
#include <numeric>
#include <span>
#include <vector>

#include <ATen/Parallel.h>

#include "isthmus/ops/lbfgs.hpp"

namespace isthmus::ops {
namespace {

// Rows that are widened to float64 at a time: float64 throughout keeps the line search exact near the
// optimum, and a block that stays in the cache saves reading it from memory twice more.
constexpr int64_t block = 128;

// The rows are cut into so many parts, which threads share out; the number does not depend on the threads, so
// neither does the sum over parts.
constexpr int64_t parts = 16;

// In coordinates in which no curvature is above 2 and most are near 1: there the loss is then within about
// tolerance² · parameters / 2 of its least, and in a flat direction the penalty decides.
constexpr double tolerance = 1e-5;

/// While it lives torch, and the BLAS under it, compute on the thread that asks, and threads are ours to
/// share out work among. BLAS takes other ways, with other roundings, where it has threads to choose from, be
/// it within a parallel region or not: so the bits would depend on how many there are.
class ThreadsOfOurOwn {
 public:
  ThreadsOfOurOwn() : count_(at::get_num_threads()) { at::set_num_threads(1); }
  ~ThreadsOfOurOwn() { at::set_num_threads(count_); }
  ThreadsOfOurOwn(const ThreadsOfOurOwn&) = delete;
  ThreadsOfOurOwn& operator=(const ThreadsOfOurOwn&) = delete;

  /// Calls body(i) for i from 0 to count - 1, without gradients. It must not throw.
  template <class Body>
  void share_out(int64_t count, const Body& body) const {
#pragma omp parallel for num_threads(count_) schedule(static)
    for (int64_t i = 0; i < count; ++i) {
      const at::NoGradGuard in_this_thread;
      body(i);
    }
  }

 private:
  int count_;
};

/// [rows, features] → [rows, features + 1], float64: a last column of ones, whose weight is the bias.
Tensor with_ones(const Tensor& features) {
  const Tensor wide = features.to(at::kDouble);
  return at::cat({wide, wide.new_ones({wide.size(0), 1})}, 1);
}

/// Mean square of each column, the ones' among them: [features + 1], float64.
Tensor mean_squares(const Tensor& features) {
  Tensor sum = at::zeros({features.size(1) + 1}, at::kDouble);
  for (const Tensor& rows : features.split(2048)) sum.add_(with_ones(rows).square_().sum(0));
  return sum.div_(static_cast<double>(features.size(0)));
}

/// L with L Lᵀ ≈ ¼ XᵀX / n + l2 / n, [features + 1, features + 1]: half of the bound on the curvature of a
/// softmax (Böhning 1992). In the coordinates v = Lᵀ θ no direction is steep and few are flat, however much
/// the features say the same, so L-BFGS needs far fewer steps. A sample of the rows does, since it decides
/// the way and not the goal; but a feature that is seldom there must not look flat because the sample missed
/// it, so the diagonal is of all rows.
Tensor scale_of(const Tensor& features, double l2, const ThreadsOfOurOwn& threads) {
  const int64_t n = features.size(0);
  const int64_t width = features.size(1) + 1;
  const int64_t stride = std::max<int64_t>(1, n / (8 * width));
  const Tensor x = with_ones(features.slice(0, 0, n, stride));
  Tensor curvature = at::empty({width, width}, at::kDouble);
  const int64_t columns = (width + parts - 1) / parts;
  threads.share_out(parts, [&](int64_t part) {
    const int64_t first = part * columns;
    const int64_t some = std::min(columns, width - first);
    if (some > 0) curvature.narrow(1, first, some).copy_(x.t().mm(x.narrow(1, first, some)));
  });
  curvature.mul_(0.25 / static_cast<double>(x.size(0)));
  if (stride > 1)
    curvature.diagonal().add_((0.25 * mean_squares(features) - curvature.diagonal()).clamp_min(0));
  const double floor = 1e-8 * curvature.diagonal().mean().item<double>();
  curvature.diagonal().add_(l2 / static_cast<double>(n) + floor);
  return at::linalg_cholesky(curvature);
}

}  // namespace

Tensor LogisticRegression::classify(const Tensor& features) const {
  std::vector<Tensor> classes;
  for (const Tensor& rows : features.split(2048))
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

  // Θ = [W, b], [classes, width + 1]; L-BFGS sees V with Θ = V L⁻¹ (see scale_of).
  const ThreadsOfOurOwn threads;
  const Tensor scale = scale_of(features, l2, threads);
  const auto matrix = [&](double* numbers) {
    return at::from_blob(numbers, {classes, width + 1}, at::kDouble);
  };
  const auto unscaled = [&](const Tensor& v) {
    return at::linalg_solve_triangular(scale, v, /*upper=*/false, /*left=*/false);
  };
  const Tensor part_gradients = at::empty({count, classes, width + 1}, at::kDouble);
  std::vector<double> part_losses(rows.size());

  // One part's share of the summed cross-entropy and of its gradient.
  const auto add_part = [&](int64_t part, const Tensor& theta) {
    Tensor gradient = part_gradients[part];
    gradient.zero_();
    double sum = 0;
    const auto index = static_cast<size_t>(part);
    const Tensor room = at::ones({block, width + 1}, at::kDouble);  // the last column stays 1: the bias
    for (int64_t first = 0; first < rows[index].size(0); first += block) {
      const Tensor some = rows[index].slice(0, first, first + block);
      const Tensor x = room.narrow(0, 0, some.size(0));
      x.narrow(1, 0, width).copy_(some);
      const Tensor y = classes_of_rows[index].slice(0, first, first + block).unsqueeze(1);
      const Tensor log_p = x.mm(theta.t()).log_softmax(1);
      sum -= log_p.gather(1, y).sum().item<double>();
      const Tensor residual = log_p.exp().scatter_add(1, y, at::full_like(y, -1, at::kDouble));
      gradient.addmm_(residual.t(), x);
    }
    part_losses[index] = sum;
  };

  const auto loss = [&](std::span<const double> at, std::span<double> gradient) {
    const Tensor theta = unscaled(matrix(const_cast<double*>(at.data())));  // NOLINT: read only
    threads.share_out(count, [&](int64_t part) { add_part(part, theta); });
    const Tensor weight = theta.narrow(1, 0, width);
    Tensor total = part_gradients.sum(0);
    total.narrow(1, 0, width).add_(weight, l2);
    const Tensor in_v = at::linalg_solve_triangular(scale.t(), total.div_(n), /*upper=*/true, /*left=*/false);
    matrix(gradient.data()).copy_(in_v);
    const double penalty = 0.5 * l2 * weight.square().sum().item<double>();
    return (std::accumulate(part_losses.begin(), part_losses.end(), 0.0) + penalty) / n;
  };

  std::vector<double> fitted(static_cast<size_t>(classes * (width + 1)), 0.0);
  const LbfgsResult result = minimise(loss, fitted, {.iterations = iterations, .tolerance = tolerance}, each);
  const Tensor theta = unscaled(matrix(fitted.data()));
  return {theta.narrow(1, 0, width).contiguous(), theta.select(1, width).clone(), result.value,
          result.iterations, result.converged};
}

}  // namespace isthmus::ops
