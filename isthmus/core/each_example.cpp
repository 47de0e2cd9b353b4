#include "isthmus/core/each_example.hpp"

#include <cmath>
#include <vector>

#include <fmt/format.h>

#include "isthmus/core/error.hpp"

namespace isthmus {

Tensor each_example(const Subject& subject, int64_t batch, int64_t limit,
                    const std::function<Tensor(const Batch& batch, int64_t first)>& numbers) {
  const at::NoGradGuard no_grad;
  const int64_t total = subject.count(limit);
  std::vector<Tensor> parts;
  for_each_batch(subject, batch, limit, [&](const Batch& some, int64_t first) {
    const Tensor part = numbers(some, first).to(at::kCPU, at::kDouble).contiguous();
    const int64_t each = part.numel() / some.size();
    for (int64_t i = 0; i < part.numel(); ++i)
      check_number(part.const_data_ptr<double>()[i], first + i / each);
    parts.push_back(part);
    subject.progress(first + some.size(), total, "examples");
  });
  return at::cat(parts);
}

ops::RunningMean mean_over(const Tensor& numbers) {
  const Tensor row = numbers.to(at::kDouble).contiguous();
  ops::RunningMean mean;
  for (int64_t i = 0; i < row.numel(); ++i) mean.add(row.const_data_ptr<double>()[i]);
  return mean;
}

void check_number(double value, int64_t example) {
  if (std::isnan(value))
    throw Error({.who = "evaluate",
                 .expected = "a number for every example",
                 .got = fmt::format("nan for example {} of the split", example),
                 .hint = "an earlier checkpoint: the training of this one has diverged"});
}

void check_finite(std::string_view who, double log_likelihood, int64_t example) {
  if (!std::isfinite(log_likelihood))
    throw Error({.who = who,
                 .expected = "a finite log-likelihood of every example",
                 .got = fmt::format("{} for example {} of the split", log_likelihood, example),
                 .hint = "a likelihood that gives no example probability 0"});
}

}  // namespace isthmus
