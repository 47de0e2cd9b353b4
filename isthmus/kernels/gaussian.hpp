#pragma once

#include <cstdint>
#include <span>

namespace isthmus::kernels {

// Normal likelihood with a diagonal covariance that all rows share. `mean` is row-major [rows, columns]; `x`
// holds rows / repeat rows, or fewer, shared as in bernoulli.hpp; `log_variance` holds one number, or one a
// column. Both throw Error when sizes do not agree.

/// out[r] = -1/2 · sum over c of (x - m)² / v + log(2 pi v), v = e^log_variance; nats.
void gaussian_log_likelihood(std::span<float> out, std::span<const float> x, std::span<const float> mean,
                             std::span<const float> log_variance, int64_t rows, int64_t columns,
                             int64_t repeat = 1);

/// The gradient of sum over r of g[r] · out[r]: dmean = g (x - m) / v, and dlog_variance (of the size of
/// log_variance, or empty when nobody wants it) = sum over rows of g/2 · ((x - m)² / v - 1). `dmean` may be
/// `mean`. The same bits on any number of threads.
void gaussian_log_likelihood_backward(std::span<float> dmean, std::span<float> dlog_variance,
                                      std::span<const float> g, std::span<const float> x,
                                      std::span<const float> mean, std::span<const float> log_variance,
                                      int64_t rows, int64_t columns, int64_t repeat = 1);

}  // namespace isthmus::kernels
