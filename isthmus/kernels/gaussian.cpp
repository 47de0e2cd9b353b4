#include "isthmus/kernels/gaussian.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <vector>

#include "isthmus/kernels/column_sum.hpp"
#include "isthmus/kernels/shared_rows.hpp"
#include "isthmus/kernels/simd.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "isthmus/kernels/gaussian.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "isthmus/kernels/row_ends-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace isthmus::kernels {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

/// Sum of (x - m)² · precision.
double Distance(const float* HWY_RESTRICT x, const float* HWY_RESTRICT m, const float* HWY_RESTRICT precision,
                size_t n) {
  const D d;
  const size_t lanes = hn::Lanes(d);
  double total = 0;
  size_t i = 0;
  while (i < n) {  // lanes of float for a stretch, then one number in double
    V sum = hn::Zero(d);
    const auto add = [&](V a, V b, V p) HWY_ATTR {
      const V difference = hn::Sub(a, b);
      sum = hn::MulAdd(hn::Mul(difference, p), difference, sum);
    };
    const size_t stop = std::min(n, i + 64 * lanes);
    for (; i + lanes <= stop; i += lanes)
      add(hn::LoadU(d, x + i), hn::LoadU(d, m + i), hn::LoadU(d, precision + i));
    if (i < stop) {
      const size_t left = stop - i;
      add(rows::LoadPart(d, x + i, left, 0), rows::LoadPart(d, m + i, left, 0),
          rows::LoadPart(d, precision + i, left, 0));
      i = stop;
    }
    total += static_cast<double>(hn::GetLane(hn::SumOfLanes(d, sum)));
  }
  return total;
}

/// dmean, and g/2 · ((x - m)² precision - 1) added to sums.
void RowBackward(float* dmean, float* sums, float g, const float* HWY_RESTRICT x, const float* m,
                 const float* HWY_RESTRICT precision, size_t n) {
  const D d;
  const size_t lanes = hn::Lanes(d);
  const V scale = hn::Set(d, g), half = hn::Set(d, 0.5f * g);
  size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    const V difference = hn::Sub(hn::LoadU(d, x + i), hn::LoadU(d, m + i));
    const V weighted = hn::Mul(difference, hn::LoadU(d, precision + i));
    hn::StoreU(hn::Mul(scale, weighted), d, dmean + i);
    if (sums) {
      const V rest = hn::MulSub(difference, weighted, hn::Set(d, 1.0f));
      hn::StoreU(hn::MulAdd(half, rest, hn::LoadU(d, sums + i)), d, sums + i);
    }
  }
  for (; i < n; ++i) {
    const float difference = x[i] - m[i];
    dmean[i] = g * (difference * precision[i]);
    if (sums) sums[i] += 0.5f * g * (difference * difference * precision[i] - 1);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace isthmus::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace isthmus::kernels {
namespace {

HWY_EXPORT(Distance);
HWY_EXPORT(RowBackward);

void check_size(std::string_view what, size_t got, int64_t expected) {
  if (static_cast<int64_t>(got) != expected)
    throw Error(
        {.who = "gaussian", .expected = fmt::format("{} {}", expected, what), .got = fmt::format("{}", got)});
}

/// 1 / v of every column.
std::vector<float> precisions(std::span<const float> log_variance, int64_t columns) {
  if (log_variance.size() != 1) check_size("log variances, or one", log_variance.size(), columns);
  std::vector<float> out(static_cast<size_t>(columns));
  for (size_t c = 0; c < out.size(); ++c)
    out[c] =
        static_cast<float>(std::exp(-static_cast<double>(log_variance[log_variance.size() == 1 ? 0 : c])));
  return out;
}

}  // namespace

void gaussian_log_likelihood(std::span<float> out, std::span<const float> x, std::span<const float> mean,
                             std::span<const float> log_variance, int64_t rows, int64_t columns,
                             int64_t repeat) {
  check_size("results", out.size(), rows);
  const SharedRows shared("gaussian", x.size(), mean.size(), rows, columns, repeat);
  const std::vector<float> precision = precisions(log_variance, columns);
  double constant = static_cast<double>(columns) * std::log(2 * std::numbers::pi);
  const double sum = std::accumulate(log_variance.begin(), log_variance.end(), 0.0);
  constant += log_variance.size() == 1 ? static_cast<double>(columns) * sum : sum;
  parallel_for(rows, shared.chunk(), rows * columns, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      const double distance = HWY_DYNAMIC_DISPATCH(Distance)(
          x.data() + shared.offset(r), mean.data() + r * columns, precision.data(), precision.size());
      out[static_cast<size_t>(r)] = static_cast<float>(-0.5 * (distance + constant));
    }
  });
}

void gaussian_log_likelihood_backward(std::span<float> dmean, std::span<float> dlog_variance,
                                      std::span<const float> g, std::span<const float> x,
                                      std::span<const float> mean, std::span<const float> log_variance,
                                      int64_t rows, int64_t columns, int64_t repeat) {
  check_size("gradients, one a row", g.size(), rows);
  check_size("numbers for the gradient of the mean", dmean.size(), rows * columns);
  if (!dlog_variance.empty())
    check_size("numbers for the gradient of the log variance", dlog_variance.size(),
               static_cast<int64_t>(log_variance.size()));
  const SharedRows shared("gaussian", x.size(), mean.size(), rows, columns, repeat);
  const std::vector<float> precision = precisions(log_variance, columns);
  std::vector<float> by_column(dlog_variance.empty() ? 0 : precision.size());
  sum_columns(by_column, false, rows, columns, [&](int64_t begin, int64_t end, float* sums) {
    for (int64_t r = begin; r < end; ++r) HWY_DYNAMIC_DISPATCH(RowBackward)
    (dmean.data() + r * columns, sums, g[static_cast<size_t>(r)], x.data() + shared.offset(r),
     mean.data() + r * columns, precision.data(), precision.size());
  });
  if (dlog_variance.size() == by_column.size())
    std::copy(by_column.begin(), by_column.end(), dlog_variance.begin());
  else if (!dlog_variance.empty())
    dlog_variance[0] = static_cast<float>(std::accumulate(by_column.begin(), by_column.end(), 0.0));
}

}  // namespace isthmus::kernels
#endif  // HWY_ONCE
