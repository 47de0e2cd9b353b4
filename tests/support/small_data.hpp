#pragma once

#include <algorithm>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "isthmus/core/dataset.hpp"

namespace isthmus::testing {

/// A tensor [n, shape…] as a data set.
class Rows final : public Dataset {
 public:
  explicit Rows(const Tensor& x, std::vector<int64_t> labels = {})
      : x_(x.to(at::kFloat).contiguous()),
        shape_(x.sizes().begin() + 1, x.sizes().end()),
        labels_(std::move(labels)) {}

  int64_t size() const override { return x_.size(0); }
  const Shape& shape() const override { return shape_; }
  std::span<const int64_t> labels() const override { return labels_; }
  void gather(std::span<const int64_t> rows, std::span<float> out) const override {
    const int64_t width = elements(shape_);
    auto to = out.begin();
    for (const int64_t row : rows) to = std::copy_n(x_.const_data_ptr<float>() + row * width, width, to);
  }

 private:
  Tensor x_;
  Shape shape_;
  std::vector<int64_t> labels_;
};

/// Data with these splits; the validation split is empty.
inline Data small_data(std::shared_ptr<const Dataset> train, std::shared_ptr<const Dataset> test) {
  std::vector<int64_t> none{0};
  none.insert(none.end(), test->shape().begin(), test->shape().end());
  return {.name = "small",
          .config = {},
          .train = std::move(train),
          .validation = std::make_shared<Rows>(at::empty(none)),
          .test = std::move(test)};
}

/// The same examples to train and to test.
inline Data small_data(const Tensor& x, const std::vector<int64_t>& labels = {}) {
  const auto rows = std::make_shared<Rows>(x, labels);
  return small_data(rows, rows);
}

}  // namespace isthmus::testing
