#pragma once

#include "isthmus/core/torch.hpp"

namespace isthmus::ops {

/// All weights of a model in one buffer, and the same numbers rounded to bfloat16 in another: what the
/// optimiser writes in one pass. Undefined tensors: no such buffers.
struct Shadow {
  Tensor values;   ///< [size], float32
  Tensor rounded;  ///< [size], bfloat16
};

/// While it lives, `linear` and nn::Convolution on this thread multiply bfloat16 numbers and add the products
/// up in float32. `linear` returns float32; a stack of convolutions stays in bfloat16 from its first to its
/// last but one. All else stays float32: likelihoods, divergences, penalties, sums; so do the few products of
/// a layer behind keep_top_k. For the loss of a training step: a layer's backward pass does as its forward
/// pass did, but one that is to be differentiated itself, which multiplies float32 numbers.
class Bf16Products {
 public:
  /// A weight of `linear` that lies in `shadow.values` is not rounded again but read from `shadow.rounded`.
  explicit Bf16Products(const Shadow& shadow);
  ~Bf16Products();
  Bf16Products(const Bf16Products&) = delete;
  Bf16Products& operator=(const Bf16Products&) = delete;

 private:
  const Shadow* before_;
  Shadow shadow_;
};

/// Whether a Bf16Products lives on this thread.
bool bf16_products();

/// `t`, float32, in bfloat16, rounded to nearest, in the same shape and strides.
Tensor rounded(const Tensor& t);

}  // namespace isthmus::ops
