#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "isthmus/core/subject.hpp"
#include "isthmus/ops/running_mean.hpp"

namespace isthmus {

/// The numbers of each of the first `limit` examples of the subject's split (0: all), in order, float64 on
/// the CPU: `numbers` gives those of a batch, [batch] or [batch, n], whose first example is number `first` of
/// the split. Without gradients, in batches of at most `batch`. Progress is reported in examples. Throws
/// Error when one is not a number.
Tensor each_example(const Subject& subject, int64_t batch, int64_t limit,
                    const std::function<Tensor(const Batch& batch, int64_t first)>& numbers);

/// Mean and spread of one number an example, [n].
ops::RunningMean mean_over(const Tensor& numbers);

/// Throws Error, naming the example of the split, when its value is not a number.
void check_number(double value, int64_t example);

/// Throws Error, as `who`, when the log-likelihood of an example is not finite.
void check_finite(std::string_view who, double log_likelihood, int64_t example);

}  // namespace isthmus
