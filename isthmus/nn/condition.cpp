#include "isthmus/nn/condition.hpp"

#include <span>

#include <fmt/format.h>

#include "isthmus/core/error.hpp"

namespace isthmus::nn {
namespace {

/// [shape…], 1 in the given quadrants, 0 elsewhere.
Tensor given_quadrants(const DataSpec& data, int64_t quadrants) {
  const Shape& shape = data.shape;
  if (shape.size() != 3 || shape[1] < 2 || shape[2] < 2)
    throw UsageError({.who = "given",
                      .expected = "images of 2x2 pixels or more, to be given some quadrants of",
                      .got = shape_text(shape),
                      .hint = data.classes > 0 ? "--given label" : "a model without a condition, as vae"});
  const int64_t rows = shape[1] / 2;
  const int64_t columns = shape[2] / 2;
  Tensor part = at::zeros(shape);
  const Tensor left = part.narrow(2, 0, columns);
  left.narrow(1, rows, shape[1] - rows).fill_(1);
  if (quadrants > 1) left.fill_(1);
  if (quadrants > 2) part.narrow(1, rows, shape[1] - rows).fill_(1);
  return part;
}

void check_classes(const Tensor& labels, int64_t classes) {
  const Tensor held = labels.contiguous();
  const std::span all(held.const_data_ptr<int64_t>(), static_cast<size_t>(held.numel()));
  for (const int64_t label : all)
    if (label < 0 || label >= classes)
      throw UsageError({.who = "given",
                        .expected = fmt::format("a class from 0 to {}", classes - 1),
                        .got = fmt::format("{}", label)});
}

}  // namespace

Condition::Condition(const Config& config, const DataSpec& data) : shape_(data.shape), rest_(data) {
  if (config.given == Given::label) {
    if (config.quadrants != Config{}.quadrants)
      throw UsageError({.who = "quadrants",
                        .expected = "its default, as only --given quadrants reads it",
                        .got = "another value with --given label",
                        .hint = "--given quadrants, or leave --quadrants out"});
    if (data.classes < 1)
      throw UsageError({.who = "given",
                        .expected = "data with classes",
                        .got = "data without",
                        .hint = "--given quadrants for images, or a model without a condition, as vae"});
    classes_ = size_ = data.classes;
    part_ = at::zeros(shape_);
  } else {
    part_ = given_quadrants(data, config.quadrants);
  }
  const Tensor flat = part_.flatten();
  given_at_ = at::nonzero(flat).squeeze(1);
  hidden_at_ = at::nonzero(flat == 0).squeeze(1);
  if (config.given == Given::quadrants) size_ = given_at_.size(0);
  rest_.shape = {hidden_at_.size(0)};
  if (data.mean.defined()) rest_.mean = data.mean.flatten().index_select(0, hidden_at_);
}

Tensor Condition::rows(const Batch& batch) const {
  if (classes_ == 0) return batch.x.flatten(1).index_select(1, given_at_.to(batch.x.device()));
  if (!batch.labels.defined())
    throw UsageError({.who = "given", .expected = "the class of every example", .got = "examples without"});
  if (batch.labels.is_cpu()) check_classes(batch.labels, classes_);
  return (batch.labels.unsqueeze(1) == at::arange(classes_, batch.labels.options())).to(at::kFloat);
}

Tensor Condition::hidden_of(const Tensor& values) const {
  const Tensor parts = values.reshape({values.size(0), -1, part_.numel()});
  return parts.index_select(2, hidden_at_.to(values.device())).flatten(1);
}

Tensor Condition::completed(const Batch& given, const Tensor& predicted) const {
  const Shape shape = batch_shape(predicted.size(0), shape_);
  if (classes_ > 0) return predicted.view(shape);
  return given.x.flatten(1)
      .index_copy(1, hidden_at_.to(given.x.device()), predicted.to(given.x.dtype()))
      .view(shape);
}

}  // namespace isthmus::nn
