#include "isthmus/ops/products.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <span>
#include <string>

#include <ATen/EmptyTensor.h>
#include <ATen/record_function.h>
#include <fmt/format.h>

#include "isthmus/core/error.hpp"
#include "isthmus/kernels/activation.hpp"
#include "isthmus/kernels/bfloat16_product.hpp"
#include "isthmus/kernels/float_product.hpp"
#include "isthmus/kernels/vendor.hpp"
#include "isthmus/ops/fused.hpp"
#include "isthmus/ops/matrices.hpp"
#include "isthmus/ops/shape_text.hpp"
#include "isthmus/ops/spans.hpp"

// The BLAS that torch was built with exports it where it is MKL.
extern "C" __attribute__((weak)) void sgemm_(const char* transpose_a, const char* transpose_b, const int* m,
                                             const int* n, const int* k, const float* alpha, const float* a,
                                             const int* lda, const float* b, const int* ldb,
                                             const float* beta, float* c, const int* ldc);

namespace isthmus::ops {
namespace {

using kernels::AddTo;
using kernels::Bfloat16;
using kernels::Factor;
using kernels::Rows;

std::string text(const Tensor& t) {
  return fmt::format("{} of {} on {}", shape_text(t), c10::toString(t.scalar_type()), t.device().str());
}

/// Throws Error unless a and b are matrices of one type that a product can have, and agree in the dimensions
/// named, which are summed over.
void check(const Tensor& a, int64_t in_a, const Tensor& b, int64_t in_b) {
  const auto fit = [](const Tensor& t) {
    return t.dim() == 2 && t.is_cpu() && (t.scalar_type() == at::kFloat || t.scalar_type() == at::kBFloat16);
  };
  if (fit(a) && fit(b) && a.scalar_type() == b.scalar_type() && a.size(in_a) == b.size(in_b)) return;
  throw Error({.who = "product",
               .expected = fmt::format("two matrices of Float, or of BFloat16, on the CPU, with as many {} "
                                       "in the first as {} in the second",
                                       in_a == 0 ? "rows" : "columns", in_b == 0 ? "rows" : "columns"),
               .got = fmt::format("{} and {}", text(a), text(b))});
}

void check_bias(const Tensor& bias, int64_t outputs) {
  if (!bias.defined() || (bias.dim() == 1 && bias.size(0) == outputs && bias.is_cpu() &&
                          bias.scalar_type() == at::kFloat && bias.is_contiguous()))
    return;
  throw Error(
      {.who = "product",
       .expected = fmt::format("a bias of {} numbers of Float without gaps, on the CPU, or none", outputs),
       .got = text(bias)});
}

/// A matrix as the libraries take it; nothing when neither its rows nor its columns are whole.
template <class Number>
std::optional<Factor<Number>> factor(const Tensor& t) {
  const auto* data = static_cast<const Number*>(t.const_data_ptr());
  if (has_whole_rows(t)) return Factor<Number>{data, t.size(0), t.size(1), stride_of(t, 1, 0)};
  if (has_whole_columns(t)) return Factor<Number>{data, t.size(0), t.size(1), stride_of(t, 0, 1), true};
  return std::nullopt;
}

Tensor empty(int64_t rows, int64_t columns) {
  return at::detail::empty_cpu({rows, columns}, at::kFloat);
}

bool fits_blas(const Factor<float>& f) {
  constexpr int64_t most = std::numeric_limits<int>::max();
  return f.rows > 0 && f.columns > 0 && f.rows <= most && f.columns <= most && f.stride <= most;
}

/// Torch's MKL takes 32-bit sizes; what another BLAS takes is not known here.
bool has_mkl() {
  static const bool answer = sgemm_ != nullptr && at::hasMKL();
  return answer;
}

thread_local std::optional<Multiplier> chosen;

/// c (+)= a b. BLAS counts by columns, so it is told of the transposes: cᵀ = bᵀ aᵀ.
void blas(const Rows& c, const Factor<float>& a, const Factor<float>& b, AddTo to) {
  const auto n = static_cast<int>(c.columns);
  const auto m = static_cast<int>(c.rows);
  const auto k = static_cast<int>(a.columns);
  const auto stride_a = static_cast<int>(a.stride);
  const auto stride_b = static_cast<int>(b.stride);
  const auto stride_c = static_cast<int>(c.stride);
  const float one = 1;
  const float beta = to == AddTo::out ? 1 : 0;
  sgemm_(b.by_columns ? "T" : "N", a.by_columns ? "T" : "N", &n, &m, &k, &one, b.data, &stride_b, a.data,
         &stride_a, &beta, c.data, &stride_c);
}

/// Who multiplies these numbers; a kernel adds a bias as it goes, nobody else does.
Multiplier multiplier_of(float) {
  return float_multiplier();
}
Multiplier multiplier_of(Bfloat16) {
  return kernels::bfloat16_ways().empty() ? Multiplier::torch : Multiplier::kernel;
}

/// Whether c (+)= a b was computed here, by `by`.
template <class Number>
bool computed(Multiplier by, const Rows& c, const std::optional<Factor<Number>>& left,
              const std::optional<Factor<Number>>& right, AddTo to, std::span<const float> bias = {}) {
  if (!left || !right || by == Multiplier::torch || !fused_paths_allowed()) return false;
  if constexpr (std::is_same_v<Number, float>) {
    if (by == Multiplier::kernel) {
      kernels::float_product(c, *left, *right, to, bias);
      return true;
    }
    if (!fits_blas(*left) || !fits_blas(*right) || c.stride > std::numeric_limits<int>::max()) return false;
    blas(c, *left, *right, to);
  } else {
    kernels::bfloat16_product(kernels::bfloat16_ways().front(), c, *left, *right, to, bias);
  }
  return true;
}

template <class Number>
std::optional<Factor<Number>> transposed(const std::optional<Factor<Number>>& f) {
  return f ? std::optional(f->transposed()) : std::nullopt;
}

/// Torch's own product. Unseen by whoever records products: it is within one that was recorded.
Tensor by_torch(const Tensor& a, const Tensor& b) {
  const at::RecordFunctionGuard unseen(false);
  return at::mm(a, b).to(at::kFloat);
}

/// Calls run with a value of the numbers' type.
template <class Run>
auto with_type(const Tensor& t, const Run& run) {
  if (t.scalar_type() == at::kBFloat16) return run(Bfloat16());
  return run(float());
}

/// Whether gᵀ x was put in its place here.
bool weight_product_in(const GradientPlace& place, const Tensor& g, const Tensor& x) {
  const Tensor& memory = place.memory;
  const AddTo to = place.holds ? AddTo::out : AddTo::nothing;
  return with_type(g, [&]<class Number>(Number number) {
    const Multiplier by = multiplier_of(number);
    const auto left = transposed(factor<Number>(g));
    const auto right = factor<Number>(x);
    if (has_whole_rows(memory)) return computed(by, mutable_rows_of(memory), left, right, to);
    if (!has_whole_columns(memory)) return false;
    const Rows turned{memory.mutable_data_ptr<float>(), memory.size(1), memory.size(0),
                      stride_of(memory, 0, 1)};
    return computed(by, turned, transposed(right), transposed(left), to);
  });
}

}  // namespace

Multiplier float_multiplier() {
  if (chosen) return *chosen;
  static const Multiplier best = [] {
    switch (kernels::vendor()) {
      case kernels::Vendor::intel:
        return has_mkl() ? Multiplier::mkl : Multiplier::torch;
      case kernels::Vendor::other_x86:
        return Multiplier::kernel;
      case kernels::Vendor::other:
        break;
    }
    return Multiplier::torch;
  }();
  return best;
}

FloatProductsBy::FloatProductsBy(Multiplier multiplier) : before_(chosen) {
  if (multiplier == Multiplier::mkl && !has_mkl())
    throw Error({.who = "product", .expected = "a torch that exports MKL", .got = "one that does not"});
  chosen = multiplier;
}

FloatProductsBy::~FloatProductsBy() {
  chosen = before_;
}

Tensor layer_product(const Tensor& x, const Tensor& weight, const Tensor& bias, Activation activation) {
  RECORD_FUNCTION(layer_product_name.data(), std::vector<c10::IValue>({x, weight}));
  check(x, 1, weight, 1);
  check_bias(bias, weight.size(0));
  Tensor out = empty(x.size(0), weight.size(0));
  Tensor left = bias;  // to be added still
  const bool done = with_type(x, [&]<class Number>(Number number) {
    const Multiplier by = multiplier_of(number);
    const Tensor start = by == Multiplier::kernel ? bias : Tensor();
    const bool here =
        computed(by, mutable_rows_of(out), factor<Number>(x), transposed(factor<Number>(weight)),
                 start.defined() ? AddTo::bias : AddTo::nothing, numbers(start));
    if (here && start.defined()) left = Tensor();
    return here;
  });
  if (!done) out = by_torch(x, weight.t());
  if (left.defined() || activation != Activation::identity)
    kernels::activate(mutable_numbers(out), numbers(left), out.size(0), out.size(1), activation);
  return out;
}

Tensor input_product(const Tensor& g, const Tensor& weight) {
  RECORD_FUNCTION(input_product_name.data(), std::vector<c10::IValue>({g, weight}));
  check(g, 1, weight, 0);
  Tensor out = empty(g.size(0), weight.size(1));
  const bool done = with_type(g, [&]<class Number>(Number number) {
    return computed(multiplier_of(number), mutable_rows_of(out), factor<Number>(g), factor<Number>(weight),
                    AddTo::nothing);
  });
  return done ? out : by_torch(g, weight);
}

Tensor weight_product(const Tensor& g, const Tensor& x) {
  RECORD_FUNCTION(weight_product_name.data(), std::vector<c10::IValue>({g, x}));
  check(g, 0, x, 0);
  const GradientPlace out{empty(g.size(1), x.size(1)), false};
  return weight_product_in(out, g, x) ? out.memory : by_torch(g.t(), x);
}

void put_weight_product(const GradientPlace& place, const Tensor& g, const Tensor& x) {
  RECORD_FUNCTION(put_weight_product_name.data(),
                  std::vector<c10::IValue>({place.memory, place.holds, g, x}));
  check(g, 0, x, 0);
  if (place.memory.sizes() != at::IntArrayRef{g.size(1), x.size(1)})
    throw Error({.who = "product",
                 .expected = fmt::format("a place of {}x{}", g.size(1), x.size(1)),
                 .got = shape_text(place.memory)});
  if (!weight_product_in(place, g, x)) put(place, by_torch(g.t(), x));
}

}  // namespace isthmus::ops
