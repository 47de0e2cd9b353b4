#pragma once

#include <span>
#include <unordered_map>
#include <vector>

#include "isthmus/core/torch.hpp"

namespace isthmus::ops {

/// The memory that a gradient belongs in, of the shape of what it is the gradient of; undefined when autograd
/// should get it instead.
struct GradientPlace {
  Tensor memory = {};
  bool holds = false;  ///< a part of the gradient, to be added to; else it is to be written over

  explicit operator bool() const { return memory.defined(); }
};

/// For a training step, which knows that its backward pass is for the gradients of `parameters` alone: from
/// the making of this to finish(), an op's backward on this thread writes the gradient of a layer's weight or
/// bias right into the memory of its grad(), instead of returning it for autograd to add. So nothing needs to
/// be cleared before a step, and no weight's gradient is read, written and read again. Within,
/// torch::autograd::grad yields nothing for such a parameter, and hooks on it are not called.
class GradientsInPlace {
 public:
  /// The gradient of every parameter will be in its grad(); what that holds counts for nothing. None has a
  /// grad() until finish(). Throws Error when one has none to begin with, or comes twice.
  explicit GradientsInPlace(std::span<const Tensor> parameters);
  ~GradientsInPlace();  ///< gives the parameters their grad() back, of any content without finish()
  GradientsInPlace(const GradientsInPlace&) = delete;
  GradientsInPlace& operator=(const GradientsInPlace&) = delete;

  /// Ends the scope: brings to its place what autograd has added up itself, and 0 to that of a parameter that
  /// nothing depended on.
  void finish();

 private:
  friend GradientPlace take_place(const Tensor& weight);
  void end();

  std::vector<Tensor> parameters_;
  std::unordered_map<const c10::TensorImpl*, GradientPlace> places_;
  GradientsInPlace* before_;
  bool ended_ = false;
};

/// Where the gradient of `weight` belongs: that of a parameter within GradientsInPlace, or, where it is the
/// transpose of a parameter, of that one, transposed. Whoever takes a place must write it.
GradientPlace take_place(const Tensor& weight);

/// Writes `gradient`, of the shape of the place, to a place that was taken, or adds it to what is there.
void put(const GradientPlace& place, const Tensor& gradient);

/// The memory of a place that was taken, with 0 in it if it held nothing, to add to.
const Tensor& cleared(const GradientPlace& place);

}  // namespace isthmus::ops
