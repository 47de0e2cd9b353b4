#include "isthmus/canvas/codes.hpp"

namespace isthmus::canvas {

Codes encode_examples(const Subject& subject, int64_t limit) {
  const at::NoGradGuard no_grad;
  Encoder& encoder = *subject.can<Encoder>();
  std::vector<Tensor> codes;
  std::vector<Tensor> labels;
  const int64_t total = limit > 0 ? std::min(limit, subject.examples().size()) : subject.examples().size();
  for_each_batch(subject, 500, limit, [&](const Batch& batch, int64_t first) {
    codes.push_back(encoder.encode(batch.x).to(at::kCPU, at::kFloat));
    if (batch.labels.defined()) labels.push_back(batch.labels.to(at::kCPU));
    subject.progress(first + batch.size(), total, "examples");
  });
  Codes all{at::cat(codes), {}};
  if (!labels.empty()) {
    const Tensor joined = at::cat(labels).to(at::kLong).contiguous();
    all.labels.assign(joined.const_data_ptr<int64_t>(), joined.const_data_ptr<int64_t>() + joined.numel());
  }
  return all;
}

std::optional<std::string> no_codes(const Subject& subject) {
  if (!subject.can<Encoder>())
    return "the model does not encode examples; samples and reconstructions can be drawn";
  if (subject.examples().size() < 2)
    return "the split holds fewer than two examples; choose another split, or a larger share for it";
  return std::nullopt;
}

}  // namespace isthmus::canvas
