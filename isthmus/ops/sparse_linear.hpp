#pragma once

#include "isthmus/core/torch.hpp"
#include "isthmus/ops/gradients_in_place.hpp"

namespace isthmus::ops {

/// x Wᵀ + b by the numbers alone that keep_top_k has kept: x [rows, in], weight [out, in], bias [out] or
/// undefined → [rows, out]. The gradient of x is formed at the kept places alone, since no other gets through
/// keep_top_k. With 25 of 1000 kept that is a fortieth of the products.
///
/// Undefined, and nothing done, where there is nothing to gain or memory lies otherwise: x was not made by
/// keep_top_k, keeps more than one in 16, or the weights of one input are not side by side (they are in a
/// tied decoder, whose weights are its encoder's).
Tensor sparse_linear(const Tensor& x, const Tensor& weight, const Tensor& bias);

/// Puts gᵀ x in its place [out, in], by those numbers of g alone that are not 0: g [rows, out], x [rows, in].
/// False, and nothing done, where they are too many for that to pay, or memory lies otherwise.
bool put_sparse_product(const GradientPlace& place, const Tensor& g, const Tensor& x);

}  // namespace isthmus::ops
