#pragma once

#include <cstdint>
#include <span>

namespace isthmus::kernels {

// Bernoulli likelihood from logits. `logits` is row-major [rows, columns] and `x` [rows / repeat, columns]:
// row r of the logits belongs to row r / repeat of x, as k draws of each example that lie side by side. Both
// throw Error when sizes do not agree.

/// out[r] = sum over c of x·l - log(1 + e^l), nats. For x in [0, 1] no term cancels another, and the result
/// is within 1e-6 of itself, however long or saturated the row.
void bernoulli_log_likelihood(std::span<float> out, std::span<const float> x, std::span<const float> logits,
                              int64_t rows, int64_t columns, int64_t repeat = 1);

/// dlogits = g[r] · (x - sigmoid(l)), the gradient of sum over r of g[r] · out[r]; within 2e-7 |g|. `dlogits`
/// may be `logits`.
void bernoulli_log_likelihood_backward(std::span<float> dlogits, std::span<const float> g,
                                       std::span<const float> x, std::span<const float> logits, int64_t rows,
                                       int64_t columns, int64_t repeat = 1);

}  // namespace isthmus::kernels
