#include "isthmus/ops/lbfgs.hpp"

#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>
#include <numeric>

namespace isthmus::ops {
namespace {

using Vector = std::vector<double>;

double dot(const Vector& a, const Vector& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

void add_scaled(Vector& a, double scale, const Vector& b) {
  for (size_t i = 0; i < a.size(); ++i) a[i] += scale * b[i];
}

Vector difference(const Vector& a, const Vector& b) {
  Vector result = a;
  add_scaled(result, -1, b);
  return result;
}

/// The largest magnitude; NaN where there is one.
double largest(const Vector& a) {
  double most = 0;
  for (const double value : a) {
    if (std::isnan(value)) return value;
    most = std::max(most, std::abs(value));
  }
  return most;
}

struct Pair {
  Vector step;
  Vector change;     // of the gradient
  double curvature;  // step · change, above 0
};

// −H g, H the inverse Hessian that the pairs stand for (Nocedal & Wright, algorithm 7.4).
Vector direction(const Vector& gradient, const std::deque<Pair>& pairs) {
  Vector q = gradient;
  Vector weights(pairs.size());
  for (size_t i = pairs.size(); i-- > 0;) {
    weights[i] = dot(pairs[i].step, q) / pairs[i].curvature;
    add_scaled(q, -weights[i], pairs[i].change);
  }
  // The scale of the Hessian: of the latest pair, or such that the first step has at most length 1.
  const double scale = pairs.empty() ? std::min(1.0, 1 / std::sqrt(dot(gradient, gradient)))
                                     : pairs.back().curvature / dot(pairs.back().change, pairs.back().change);
  for (double& value : q) value *= -scale;
  for (size_t i = 0; i < pairs.size(); ++i)
    add_scaled(q, -weights[i] - dot(pairs[i].change, q) / pairs[i].curvature, pairs[i].step);
  return q;
}

struct Point {
  Vector x;
  double value;
  Vector gradient;
};

}  // namespace

LbfgsResult minimise(const std::function<double(std::span<const double> x, std::span<double> gradient)>& f,
                     std::span<double> x, const LbfgsOptions& options,
                     const std::function<void(int64_t steps)>& each) {
  constexpr double sufficient_decrease = 1e-4;
  constexpr double curvature_condition = 0.9;
  constexpr int trials = 50;  // bisections; by then the bracket is a rounding error wide

  const auto evaluate = [&](Vector at) {
    Point point{std::move(at), 0, Vector(x.size())};
    point.value = f(point.x, point.gradient);
    return point;
  };

  Point here = evaluate(Vector(x.begin(), x.end()));
  std::deque<Pair> pairs;
  int64_t steps = 0;
  while (steps < options.iterations && largest(here.gradient) > options.tolerance) {
    const Vector along = direction(here.gradient, pairs);
    const double slope = dot(here.gradient, along);
    double low = 0;
    double high = std::numeric_limits<double>::infinity();
    double length = 1;
    Point next;
    bool found = false;
    for (int trial = 0; trial < trials && !found; ++trial) {
      Vector at = here.x;
      add_scaled(at, length, along);
      next = evaluate(std::move(at));
      // Written so that a NaN shortens the step.
      if (!(next.value <= here.value + sufficient_decrease * length * slope)) {
        high = length;
      } else if (dot(next.gradient, along) < curvature_condition * slope) {
        low = length;
      } else {
        found = true;
      }
      if (!found) length = std::isinf(high) ? 2 * low : (low + high) / 2;
    }
    if (!found) {
      if (pairs.empty()) break;  // not even steepest descent goes on
      pairs.clear();             // old curvature misleads: start anew from here
      continue;
    }
    Pair pair{difference(next.x, here.x), difference(next.gradient, here.gradient), 0};
    pair.curvature = dot(pair.step, pair.change);
    if (pair.curvature > 0) pairs.push_back(std::move(pair));
    if (pairs.size() > options.memory) pairs.pop_front();
    here = std::move(next);
    each(++steps);
  }
  std::ranges::copy(here.x, x.begin());
  const double gradient = largest(here.gradient);
  return {here.value, gradient, steps, std::isfinite(here.value) && gradient <= options.tolerance};
}

}  // namespace isthmus::ops
