#include "isthmus/ops/bf16_products.hpp"

#include <ATen/cpu/Utils.h>
#include <ATen/record_function.h>
#include <torch/library.h>

#include "isthmus/kernels/bfloat16.hpp"
#include "isthmus/ops/fused.hpp"
#include "isthmus/ops/spans.hpp"

// MKL's, which torch carries and exports where it is built with MKL.
extern "C" __attribute__((weak)) void gemm_bf16bf16f32_(const char* transpose_a, const char* transpose_b,
                                                        const int* m, const int* n, const int* k,
                                                        const float* alpha, const void* a, const int* lda,
                                                        const void* b, const int* ldb, const float* beta,
                                                        float* c, const int* ldc);

namespace isthmus::ops {
namespace {

thread_local const Shadow* current = nullptr;

/// Whether MKL's product, which adds up in the float32 memory that it is given, is the fast one: with tile
/// registers it is; without them oneDNN's, which rounds its results, is faster (and on AMD far faster). A
/// property of the machine and not a measurement, or two runs of one recipe might differ in their last bits.
bool mkl_is_fast() {
  static const bool fast = gemm_bf16bf16f32_ != nullptr && at::cpu::init_amx();
  return fast;
}

/// A matrix as BLAS takes it: rows or columns without gaps inside.
struct Operand {
  const void* data;
  bool by_rows;
  int stride;
};

bool plain(const Tensor& t) {
  const auto wide = [&](int64_t inner, int64_t outer) {
    return t.stride(inner) == 1 && t.stride(outer) >= std::max<int64_t>(1, t.size(inner));
  };
  return wide(1, 0) || wide(0, 1);
}

Operand operand(const Tensor& t) {
  const bool by_rows = t.stride(1) == 1 && t.stride(0) >= t.size(1);
  return {t.const_data_ptr(), by_rows, static_cast<int>(t.stride(by_rows ? 0 : 1))};
}

/// c = beta c + a b, c by rows. BLAS counts by columns, so it is told of the transposes: cᵀ = bᵀ aᵀ.
void multiply(const Tensor& c, const Tensor& a, const Tensor& b, float beta) {
  const Operand left = operand(b);
  const Operand right = operand(a);
  const auto m = static_cast<int>(b.size(1));
  const auto n = static_cast<int>(a.size(0));
  const auto k = static_cast<int>(a.size(1));
  const auto stride = static_cast<int>(c.stride(0));
  const float one = 1;
  gemm_bf16bf16f32_(left.by_rows ? "N" : "T", right.by_rows ? "N" : "T", &m, &n, &k, &one, left.data,
                    &left.stride, right.data, &right.stride, &beta, c.mutable_data_ptr<float>(), &stride);
}

/// Unseen by whoever records products: it is within one that was recorded.
Tensor rounded_mm(const Tensor& a, const Tensor& b) {
  const at::RecordFunctionGuard unseen(false);
  return at::mm(a, b);
}

Tensor mm_on_cpu(const Tensor& a, const Tensor& b) {
  if (!mkl_is_fast() || !plain(a) || !plain(b) || a.numel() == 0 || b.numel() == 0)
    return rounded_mm(a, b).to(at::kFloat);
  const Tensor c = at::empty({a.size(0), b.size(1)}, a.options().dtype(at::kFloat));
  multiply(c, a, b, 0);
  return c;
}

void addmm_on_cpu(const Tensor& place, const Tensor& a, const Tensor& b) {
  if (!mkl_is_fast() || !plain(a) || !plain(b) || !plain(place) || a.numel() == 0 || b.numel() == 0)
    place.add_(rounded_mm(a, b));
  else if (operand(place).by_rows)
    multiply(place, a, b, 1);
  else
    multiply(place.t(), b.t(), a.t(), 1);
}

// Operators of torch's, so that whoever records a step's products (isthmus bench) sees these too.
TORCH_LIBRARY(isthmus, library) {
  library.def("bf16_mm(Tensor a, Tensor b) -> Tensor");
  library.def("bf16_addmm(Tensor(a!) place, Tensor a, Tensor b) -> ()");
  library.impl("bf16_mm", torch::dispatch(c10::DispatchKey::CPU, mm_on_cpu));
  library.impl("bf16_addmm", torch::dispatch(c10::DispatchKey::CPU, addmm_on_cpu));
}

}  // namespace

Bf16Products::Bf16Products(const Shadow& shadow) : before_(current), shadow_(shadow) {
  current = &shadow_;
}

Bf16Products::~Bf16Products() {
  current = before_;
}

bool bf16_products() {
  return current != nullptr;
}

bool bf16_results_are_exact() {
  return mkl_is_fast();
}

Tensor rounded(const Tensor& t) {
  if (current != nullptr && current->rounded.defined()) {
    const Tensor& values = current->values;
    if (t.storage().is_alias_of(values.storage()))
      return current->rounded.as_strided(t.sizes(), t.strides(), t.storage_offset());
  }
  if (!eligible(t)) return t.to(at::kBFloat16);
  const Tensor low = at::empty_like(t, at::kBFloat16);
  kernels::round_to_bfloat16(mutable_bfloat16(low), numbers(t));
  return low;
}

Tensor bf16_mm(const Tensor& a, const Tensor& b) {
  static const auto op = c10::Dispatcher::singleton()
                             .findSchemaOrThrow("isthmus::bf16_mm", "")
                             .typed<Tensor(const Tensor&, const Tensor&)>();
  return op.call(a, b);
}

void bf16_addmm(const Tensor& place, const Tensor& a, const Tensor& b) {
  static const auto op = c10::Dispatcher::singleton()
                             .findSchemaOrThrow("isthmus::bf16_addmm", "")
                             .typed<void(const Tensor&, const Tensor&, const Tensor&)>();
  op.call(place, a, b);
}

}  // namespace isthmus::ops
