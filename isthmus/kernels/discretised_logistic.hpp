#pragma once

#include <cstdint>
#include <span>

namespace isthmus::kernels {

/// Log-scales below this are held here, where a bin is 8.6 scales wide. PixelCNN++'s −7, for pixels from 0
/// to 1 and not from −1.
inline constexpr double least_log_scale = -7.6931;

/// out[r] = the sum over columns of log P(x), a logistic density integrated over 256 bins, the first and last
/// of them open to infinity (Salimans et al. 2017). mean [rows, columns]; log_scale the same, or `columns`
/// numbers that all rows share; both in units of x, which is k/255. x has a row for every `repeat` rows of
/// parameters, as in bernoulli.hpp. Sums run in double. Throws Error when sizes do not agree.
void discretised_logistic_log_likelihood(std::span<float> out, std::span<const float> x,
                                         std::span<const float> mean, std::span<const float> log_scale,
                                         int64_t rows, int64_t columns, int64_t repeat);

/// The gradients of Σ_r g_r out[r]. `dlog_scale` is as large as `log_scale`, or empty when nobody wants it.
/// The same bits on any number of threads.
void discretised_logistic_log_likelihood_backward(std::span<float> dmean, std::span<float> dlog_scale,
                                                  std::span<const float> g, std::span<const float> x,
                                                  std::span<const float> mean,
                                                  std::span<const float> log_scale, int64_t rows,
                                                  int64_t columns, int64_t repeat);

}  // namespace isthmus::kernels
