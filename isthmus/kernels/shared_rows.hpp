#pragma once

#include <cstdint>
#include <string_view>

#include <fmt/format.h>

#include "isthmus/core/error.hpp"
#include "isthmus/kernels/parallel.hpp"

namespace isthmus::kernels {

/// Rows of data, each of which `repeat` rows of parameters share.
struct SharedRows {
  int64_t columns;
  int64_t repeat;

  /// Throws Error, as `who`, unless there are rows · columns parameters and repeat times fewer data.
  SharedRows(std::string_view who, size_t x, size_t parameters, int64_t rows, int64_t columns_,
             int64_t repeat_)
      : columns(columns_), repeat(repeat_) {
    if (rows < 0 || columns <= 0 || repeat <= 0 || static_cast<int64_t>(parameters) != rows * columns ||
        static_cast<int64_t>(x) * repeat != rows * columns)
      throw Error({.who = who,
                   .expected = fmt::format("{} x {} parameters, and the data of every {} rows", rows, columns,
                                           repeat),
                   .got = fmt::format("{} parameters and {} numbers of data", parameters, x)});
  }

  /// Where the data of parameter row r begin.
  int64_t offset(int64_t r) const { return r / repeat * columns; }
  /// Rows a thread takes at a time.
  int64_t chunk() const { return rows_of_chunk(columns); }
};

}  // namespace isthmus::kernels
