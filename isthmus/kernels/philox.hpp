#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace isthmus::kernels {

/// One block of Philox 4x32-10: four words of noise that are a pure function of a counter and a key.
/// Salmon, Moraes, Dror, Shaw, "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011.
constexpr std::array<uint32_t, 4> philox4x32(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const uint64_t a = uint64_t{0xD2511F53} * counter[0];
    const uint64_t b = uint64_t{0xCD9E8D57} * counter[2];
    counter = {static_cast<uint32_t>(b >> 32) ^ counter[1] ^ key[0], static_cast<uint32_t>(b),
               static_cast<uint32_t>(a >> 32) ^ counter[3] ^ key[1], static_cast<uint32_t>(a)};
    key = {key[0] + 0x9E3779B9, key[1] + 0xBB67AE85};
  }
  return counter;
}

/// What tells one matrix of noise from another: the seed of the run, what the noise is for, and the training
/// step.
struct NoiseKey {
  uint64_t seed = 0;
  uint32_t stream = 0;
  uint32_t step = 0;

  friend bool operator==(const NoiseKey&, const NoiseKey&) = default;
};

/// The four words behind columns 4·block … 4·block+3 of a row: the layout that every fill below draws from.
constexpr std::array<uint32_t, 4> noise_words(NoiseKey key, uint32_t row, uint32_t block) {
  return philox4x32({block, row, key.stream, key.step},
                    {static_cast<uint32_t>(key.seed), static_cast<uint32_t>(key.seed >> 32)});
}

// The fills write a row-major matrix [rows, columns] whose first row is row `first_row` of the whole batch.
// Element (r, c) depends only on the key, on first_row + r and on c, so a batch split over threads, processes
// or calls gets the numbers of the whole. All of them give the same bits on every processor: they use only
// operations that IEEE 754 rounds correctly, and no fused multiply-add. They throw Error when out.size() is
// not rows * columns, when first_row + rows exceeds 2^32, or columns 2^33.

/// w, the words themselves.
void fill_bits(std::span<uint32_t> out, int64_t rows, int64_t columns, NoiseKey key, int64_t first_row);

/// (w >> 8) / 2^24: the multiples of 2^-24 in [0, 1), each equally likely.
void fill_uniform(std::span<float> out, int64_t rows, int64_t columns, NoiseKey key, int64_t first_row);

/// Standard normal, by Box and Muller (1958) on columns (0,1), (2,3), … of a row. With words a, b of the
/// pair: radius = sqrt(-2 log u), u = ((a >> 1) | 1) / 2^31 (never 0, so its logarithm is finite); t =
/// (int32)(b << 2) · π/2^33, an angle in
/// [-π/4, π/4); x = ±cos t (sign: bit 31 of b), y = sin t, swapped when bit 30 of b is set. Reaches ±6.55;
/// never inf or nan. Within 1e-6 of the same formula in double.
void fill_normal(std::span<float> out, int64_t rows, int64_t columns, NoiseKey key, int64_t first_row);

/// Standard Gumbel, -log(-log1p(-u)), u = ((w >> 1) | 1) / 2^31 but at most 1 - 2^-24: in [-2.82, 21.5].
/// Small u, the upper tail that decides an arg-max, keeps its full resolution. Within 2e-6 of the same
/// formula in double.
void fill_gumbel(std::span<float> out, int64_t rows, int64_t columns, NoiseKey key, int64_t first_row);

/// 1 where the uniform number of fill_uniform is below the probability, else 0: exact at p = 0 and p = 1,
/// within 2^-24 between. `probabilities` has the shape of `out` (and may be the same memory).
void fill_bernoulli(std::span<float> out, std::span<const float> probabilities, int64_t rows, int64_t columns,
                    NoiseKey key, int64_t first_row);

/// A uniformly drawn order of 0 … n-1 (Fisher–Yates; bounded draws without bias, Lemire 2019), n < 2^32.
/// It draws from the same counters as a fill with the same key: give it a stream of its own.
std::vector<int64_t> permutation(int64_t n, NoiseKey key);

}  // namespace isthmus::kernels
