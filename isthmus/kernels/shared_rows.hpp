#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

#include <fmt/format.h>

#include "isthmus/core/error.hpp"

namespace isthmus::kernels {

/// Rows of data that several rows of parameters share: see bernoulli.hpp.
struct SharedRows {
  int64_t columns;
  int64_t repeat;
  int64_t count;

  SharedRows(std::string_view who, size_t x, size_t parameters, int64_t rows, int64_t columns_,
             int64_t repeat_)
      : columns(columns_), repeat(repeat_), count(columns_ > 0 ? static_cast<int64_t>(x) / columns_ : 0) {
    const bool whole = rows >= 0 && columns > 0 && repeat > 0 && static_cast<int64_t>(x) == count * columns &&
                       static_cast<int64_t>(parameters) == rows * columns;
    if (!whole || (rows > 0 && (count == 0 || rows % (count * repeat) != 0)))
      throw Error(
          {.who = who,
           .expected = fmt::format("{} x {} parameters, and data whose rows, each {} times, go into them",
                                   rows, columns, repeat),
           .got = fmt::format("{} parameters and {} numbers of data", parameters, x)});
  }

  /// Where the data of parameter row r begin.
  int64_t offset(int64_t r) const { return r / repeat % count * columns; }
  /// Rows a thread takes at a time.
  int64_t chunk() const { return std::max<int64_t>(1, 8192 / columns); }
};

}  // namespace isthmus::kernels
