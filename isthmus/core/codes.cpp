#include "isthmus/core/codes.hpp"

#include <vector>

#include "isthmus/core/error.hpp"

namespace isthmus {

Codes encode_split(const Subject& subject, int64_t limit) {
  const at::NoGradGuard no_grad;
  auto* encoder = subject.can<Encoder>();
  if (encoder == nullptr)
    throw UsageError({.who = "encode",
                      .expected = "a model with an encoder",
                      .got = "one without",
                      .hint = "another run"});
  const int64_t total = subject.count(limit);
  std::vector<Tensor> code;
  std::vector<Tensor> labels;
  for_each_batch(subject, 500, limit, [&](const Batch& batch, int64_t first) {
    code.push_back(encoder->encode(batch.x).flatten(1).to(at::kCPU, at::kFloat));
    if (batch.labels.defined()) labels.push_back(batch.labels.cpu());
    subject.progress(first + batch.size(), total, "images");
  });
  return {at::cat(code), labels.empty() ? Tensor() : at::cat(labels)};
}

}  // namespace isthmus
