#pragma once

#include <string_view>

#include "isthmus/core/torch.hpp"
#include "isthmus/ops/gradients_in_place.hpp"

namespace isthmus::ops {

// The three matrix products of a layer, on the CPU and without a graph: of float32 numbers, or of bfloat16
// ones, whose products are added up in float32 and come out so. They go straight to the library or kernel,
// for on its way torch's dispatcher takes as long as a small product. `isthmus bench` sees every one. All
// throw Error for shapes that do not agree and for other numbers. Bfloat16 products are our own where the
// processor has tile registers; elsewhere they are oneDNN's, which are rounded to bfloat16 once more.

/// x Wᵀ: [rows, in] and [out, in] → [rows, out]. Of bfloat16 numbers `bias` [out], float32, is added to each
/// row; of float32 ones it must be undefined.
Tensor layer_product(const Tensor& x, const Tensor& weight, const Tensor& bias = {});

/// g W: [rows, out] and [out, in] → [rows, in].
Tensor input_product(const Tensor& g, const Tensor& weight);

/// gᵀ x: [rows, out] and [rows, in] → [out, in].
Tensor weight_product(const Tensor& g, const Tensor& x);

/// The same put in its place, of any strides.
void put_weight_product(const GradientPlace& place, const Tensor& g, const Tensor& x);

/// The names under which the products above are told to at::RecordFunction, each with its arguments.
inline constexpr std::string_view layer_product_name = "isthmus::layer_product";
inline constexpr std::string_view input_product_name = "isthmus::input_product";
inline constexpr std::string_view weight_product_name = "isthmus::weight_product";
inline constexpr std::string_view put_weight_product_name = "isthmus::put_weight_product";

}  // namespace isthmus::ops
