#include <limits>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "isthmus/core/error.hpp"
#include "isthmus/kernels/philox.hpp"

namespace isthmus::kernels {

std::vector<int64_t> permutation(int64_t n, NoiseKey key) {
  if (n < 0 || n > std::numeric_limits<uint32_t>::max())
    throw Error({.who = "permutation", .expected = "0 … 2^32-1 elements", .got = fmt::format("{}", n)});
  std::vector<int64_t> order(static_cast<size_t>(n));
  std::iota(order.begin(), order.end(), int64_t{0});
  std::vector<uint32_t> words(order.size());
  fill_bits(words, 1, n, key, 0);
  for (uint32_t i = static_cast<uint32_t>(n); i-- > 1;) {
    // A number below `bound` from a 32-bit word: the upper half of their product, unless the lower half falls
    // among the 2^32 mod bound products that would give some numbers one word more than others; then column i
    // of the next row is tried.
    const uint32_t bound = i + 1;
    uint64_t product = uint64_t{words[i]} * bound;
    if (static_cast<uint32_t>(product) < bound) {
      const uint32_t surplus = (0u - bound) % bound;
      for (uint32_t row = 1; static_cast<uint32_t>(product) < surplus; ++row)
        product = uint64_t{noise_words(key, row, i / 4)[i % 4]} * bound;
    }
    std::swap(order[i], order[product >> 32]);
  }
  return order;
}

}  // namespace isthmus::kernels
