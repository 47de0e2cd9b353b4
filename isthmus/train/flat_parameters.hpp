#pragma once

#include <cstdint>
#include <vector>

#include "isthmus/core/model.hpp"

namespace isthmus::train {

/// All parameters of a model in one flat float32 buffer, their gradients in another: the optimiser is one
/// pass, clipping one norm, and adding gradients over processes one call. The model's own tensors become
/// views of the two.
class FlatParameters {
 public:
  explicit FlatParameters(Model& model);

  const Tensor& values() const { return values_; }        ///< [size], padding included
  const Tensor& gradients() const { return gradients_; }  ///< [size]; backward() adds into it
  int64_t count() const { return count_; }                ///< numbers to learn, padding not counted

  struct Range {
    int64_t first;
    int64_t size;
  };
  /// Where in the buffers the parameters lie that `loss` depends on, those that adjoin as one. Whether their
  /// gradient happens to be 0 makes no difference.
  std::vector<Range> ranges_of(const Tensor& loss) const;

  void zero_gradients() { gradients_.zero_(); }

 private:
  std::vector<Tensor> parameters_;  // in the order of the buffers
  Tensor values_;
  Tensor gradients_;
  int64_t count_ = 0;
};

}  // namespace isthmus::train
