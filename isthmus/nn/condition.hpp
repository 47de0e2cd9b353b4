#pragma once

#include <cstdint>
#include <tuple>

#include "isthmus/core/field.hpp"
#include "isthmus/core/model.hpp"

namespace isthmus::nn {

/// What a conditional model is told: the class of x, or some quadrants of the image x.
enum class Given { label, quadrants };

/// The words of a Condition; a model's Config takes them in by inlined<&Config::condition>().
struct ConditionConfig {
  Given given = Given::label;
  int64_t quadrants = 1;

  static constexpr auto fields() {
    return std::tuple{
        field<&ConditionConfig::given>("what the model is told of x: its class, or quadrants of the image"),
        field<&ConditionConfig::quadrants>(
            "of quadrants: 1 is the lower left, 2 the left half, 3 all but the upper right",
            Bound{.least = 1, .greatest = 3, .text = "from 1 to 3"}),
    };
  }
};

/// Cuts examples into what is given, y, and what is left to predict.
class Condition {
 public:
  using Config = ConditionConfig;

  /// Throws UsageError where the data have no classes, or no quadrants, to be told.
  Condition(const Config& config, const DataSpec& data);

  int64_t classes() const { return classes_; }      ///< 0 unless y is a class
  int64_t size() const { return size_; }            ///< numbers that say y
  const DataSpec& hidden() const { return rest_; }  ///< of what is left to predict, one flat row an example
  Tensor part() const { return part_; }             ///< [shape…], 1 where x is given

  /// y, [batch, size]: the class as one of so many, or the given pixels. Throws UsageError where the batch
  /// has no labels, or a class that the training data had not.
  Tensor rows(const Batch& batch) const;

  /// What is left to predict of values in the shape of x, or in that shape with its channels repeated:
  /// [rows, n·channels, …] → [rows, n·hidden].
  Tensor hidden_of(const Tensor& values) const;

  /// The inverse: what was predicted, [batch, hidden], in its place beside what is given.
  Tensor completed(const Batch& given, const Tensor& predicted) const;

 private:
  Shape shape_;
  int64_t classes_ = 0;
  int64_t size_ = 0;
  DataSpec rest_;
  Tensor part_;                  // [shape…]
  Tensor given_at_, hidden_at_;  // places among the elements of x, int64
};

}  // namespace isthmus::nn
