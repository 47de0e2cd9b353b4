#pragma once

#include <algorithm>
#include <cstdint>

#include "isthmus/core/torch.hpp"
#include "isthmus/kernels/matrix.hpp"

namespace isthmus::ops {

/// Whether numbers of a matrix along the dimension `inner` have no gaps between them. Strides of what there
/// is but one of say nothing.
inline bool whole(const Tensor& t, int64_t inner, int64_t outer) {
  return (t.stride(inner) == 1 || t.size(inner) <= 1) &&
         (t.stride(outer) >= t.size(inner) || t.size(outer) <= 1);
}
inline bool has_whole_rows(const Tensor& t) {
  return whole(t, 1, 0);
}
inline bool has_whole_columns(const Tensor& t) {
  return whole(t, 0, 1);
}

/// From one run of numbers along `inner` to the next, as BLAS wants it: never less than a run is long.
inline int64_t stride_of(const Tensor& t, int64_t inner, int64_t outer) {
  return std::max({t.stride(outer), t.size(inner), int64_t{1}});
}

/// A float32 matrix on the CPU that has whole rows, as kernels take it.
inline kernels::ConstRows rows_of(const Tensor& t) {
  return {t.const_data_ptr<float>(), t.size(0), t.size(1), stride_of(t, 1, 0)};
}

/// The same, to write to.
inline kernels::Rows mutable_rows_of(const Tensor& t) {
  return {t.mutable_data_ptr<float>(), t.size(0), t.size(1), stride_of(t, 1, 0)};
}

}  // namespace isthmus::ops
