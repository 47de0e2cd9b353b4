#include "isthmus/core/codes.hpp"

#include <algorithm>
#include <vector>

namespace isthmus {

Codes encode_split(const Subject& subject, int64_t limit) {
  const at::NoGradGuard no_grad;
  auto* encoder = subject.can<Encoder>();
  const int64_t size = subject.examples().size();
  const int64_t total = limit == 0 ? size : std::min(limit, size);
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
