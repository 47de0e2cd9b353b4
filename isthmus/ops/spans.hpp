#pragma once

#include <span>

#include "isthmus/core/torch.hpp"
#include "isthmus/kernels/bfloat16.hpp"

namespace isthmus::ops {

/// The memory of a contiguous float32 tensor on the CPU, as kernels take it; empty for an undefined tensor.
inline std::span<const float> numbers(const Tensor& t) {
  if (!t.defined()) return {};
  return {t.const_data_ptr<float>(), static_cast<size_t>(t.numel())};
}

/// The same, to write to.
inline std::span<float> mutable_numbers(const Tensor& t) {
  if (!t.defined()) return {};
  return {t.mutable_data_ptr<float>(), static_cast<size_t>(t.numel())};
}

/// The memory of a contiguous bfloat16 tensor on the CPU, to write to; empty for an undefined tensor.
inline std::span<kernels::Bfloat16> mutable_bfloat16(const Tensor& t) {
  if (!t.defined()) return {};
  return {reinterpret_cast<kernels::Bfloat16*>(t.mutable_data_ptr<at::BFloat16>()),
          static_cast<size_t>(t.numel())};
}

/// The memory of a contiguous int32 tensor on the CPU.
inline std::span<const int32_t> indices(const Tensor& t) {
  return {t.const_data_ptr<int32_t>(), static_cast<size_t>(t.numel())};
}

}  // namespace isthmus::ops
