#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include <fmt/format.h>

#include "isthmus/core/error.hpp"
#include "isthmus/kernels/matrix.hpp"

namespace isthmus::kernels {

/// Throws Error unless out = a b, added to what `to` says, has shapes that agree, and a bias where it needs
/// one.
template <class Number>
void check_product(std::string_view who, const Rows& out, const Factor<Number>& a, const Factor<Number>& b,
                   AddTo to, std::span<const float> bias) {
  if (a.columns != b.rows || out.rows != a.rows || out.columns != b.columns)
    throw Error({.who = who,
                 .expected = "[m, n], [m, k] and [k, n]",
                 .got = fmt::format("[{}, {}], [{}, {}] and [{}, {}]", out.rows, out.columns, a.rows,
                                    a.columns, b.rows, b.columns)});
  const int64_t needed = to == AddTo::bias ? out.columns : 0;
  if (std::ssize(bias) != needed)
    throw Error({.who = who,
                 .expected = fmt::format("a bias of {}", needed),
                 .got = fmt::format("{} numbers", bias.size())});
}

}  // namespace isthmus::kernels
