#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "isthmus/core/model.hpp"
#include "isthmus/ops/bf16_products.hpp"

namespace isthmus::train {

/// All parameters of a model in one flat float32 buffer, their gradients in another: the optimiser is one
/// pass, clipping one norm, and adding gradients over processes one call. The model's own tensors become
/// views of the two. Where products are computed in bfloat16, a third buffer holds the parameters rounded.
class FlatParameters {
 public:
  explicit FlatParameters(Model& model, bool with_shadow = false);

  const Tensor& values() const { return values_; }              ///< [size], padding included
  const Tensor& gradients() const { return gradients_; }        ///< [size]; the memory of each grad()
  std::span<const Tensor> each() const { return parameters_; }  ///< the model's own tensors, in their order
  const ops::Shadow& shadow() const { return shadow_; }         ///< undefined tensors when there is none
  int64_t count() const { return count_; }                      ///< numbers to learn, padding not counted

  struct Range {
    int64_t first;
    int64_t size;
  };
  /// Where in the buffers the parameters lie that `loss` depends on, those that adjoin as one. Whether their
  /// gradient happens to be 0 makes no difference.
  std::vector<Range> ranges_of(const Tensor& loss) const;

  /// Rounds all values to the shadow anew: for whoever has changed them in another way than the optimiser.
  void refresh_shadow() const {
    if (shadow_.rounded.defined()) shadow_.rounded.copy_(values_);
  }

 private:
  std::vector<Tensor> parameters_;  // in the order of the buffers
  Tensor values_;
  Tensor gradients_;
  ops::Shadow shadow_;
  int64_t count_ = 0;
};

}  // namespace isthmus::train
