#pragma once

#include "isthmus/core/torch.hpp"
#include "isthmus/ops/activation.hpp"

namespace isthmus::ops {

/// activation(x Wᵀ + b): x [rows, in], weight [out, in], bias [out] → [rows, out].
///
/// The fused path has the bias added by the product where its kernel can, and adds what is left to add and
/// applies the activation in one pass, in place; backward undoes the activation and sums the bias gradient in
/// one pass, and forms no gradient that nobody asked for. Of an x that keep_top_k has made, the gradient may
/// be formed at the kept places alone, which is all that gets through it. Weight gradients are returned to
/// autograd like any other, except within GradientsInPlace.
Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias,
              Activation activation = Activation::identity);

namespace reference {
Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias,
              Activation activation = Activation::identity);
}  // namespace reference

}  // namespace isthmus::ops
