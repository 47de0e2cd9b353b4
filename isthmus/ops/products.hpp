#pragma once

#include <optional>
#include <string_view>

#include "isthmus/core/torch.hpp"
#include "isthmus/ops/activation.hpp"
#include "isthmus/ops/gradients_in_place.hpp"

namespace isthmus::ops {

// The three matrix products of a layer, on the CPU and without a graph: of float32 numbers, or of bfloat16
// ones, whose products are added up in float32 and come out so. They go straight to the library or kernel,
// for on its way torch's dispatcher takes as long as a small product. `isthmus bench` sees every one. All
// throw Error for shapes that do not agree and for other numbers.
//
// Bfloat16 products are our kernel's where the processor has instructions for them (kernels::bfloat16_ways);
// else they are torch's, which rounds them once more. For float32 ones see float_multiplier().

/// Who multiplies float32 numbers.
enum class Multiplier { kernel, mkl, torch };

/// The one for this processor. On Intel's MKL; on others of x86, where MKL keeps to 256 bits, our kernel,
/// which on a Zen 5 takes half of MKL's time, and with its own vectors held to 256 bits from .6 to 1.05 of
/// it. Elsewhere torch decides: nothing was measured there.
Multiplier float_multiplier();

/// While it lives, another one multiplies on this thread: for tests of all of them. Throws Error for an MKL
/// that is not there.
class FloatProductsBy {
 public:
  explicit FloatProductsBy(Multiplier multiplier);
  ~FloatProductsBy();
  FloatProductsBy(const FloatProductsBy&) = delete;
  FloatProductsBy& operator=(const FloatProductsBy&) = delete;

 private:
  std::optional<Multiplier> before_;
};

/// activation(x Wᵀ + b): [rows, in], [out, in] and [out], float32, or none → [rows, out].
Tensor layer_product(const Tensor& x, const Tensor& weight, const Tensor& bias = {},
                     Activation activation = Activation::identity);

/// g W: [rows, out] and [out, in] → [rows, in].
Tensor input_product(const Tensor& g, const Tensor& weight);

/// gᵀ x: [rows, out] and [rows, in] → [out, in].
Tensor weight_product(const Tensor& g, const Tensor& x);

/// The same put in its place, of any strides.
void put_weight_product(const GradientPlace& place, const Tensor& g, const Tensor& x);

/// The names under which the products above are told to at::RecordFunction, each with its arguments; a
/// layer's without bias and activation.
inline constexpr std::string_view layer_product_name = "isthmus::layer_product";
inline constexpr std::string_view input_product_name = "isthmus::input_product";
inline constexpr std::string_view weight_product_name = "isthmus::weight_product";
inline constexpr std::string_view put_weight_product_name = "isthmus::put_weight_product";

}  // namespace isthmus::ops
