#pragma once

#include <cstdint>
#include <vector>

#include "isthmus/core/torch.hpp"

namespace isthmus {

/// What a draw is for. Each purpose has its own numbers, so that a model that draws once more does not shift
/// the shuffles, and a metric does not shift the training.
enum class Purpose : uint32_t {
  training,
  initialisation,
  shuffle,
  binarise,
  corrupt,
  split,
  evaluation,
  picture
};

/// Counter-based noise (Philox 4x32-10, Salmon et al. 2011): number c of row r depends on the seed, the
/// purpose, the step, how many draws came before it in this step, r and c, and on nothing else. So a seed
/// gives the same noise on any number of threads or processes, on CPU and GPU, and after a resume; there is
/// no generator state to save.
///
/// A Noise is a value: copies draw the same numbers. Each draw moves it on to a fresh stream; the draw after
/// the 2^20th throws Error.
class Noise {
 public:
  /// `first_row` is the place in the global batch (or data set) of row 0 of what is drawn: a process that
  /// holds rows 32..63 of a batch of 64 draws the very numbers that one process would have drawn for them.
  explicit Noise(uint64_t seed, Purpose purpose = Purpose::training, int64_t step = 0, int64_t first_row = 0);

  /// A step whose numbers no training step of the same seed draws.
  static constexpr int64_t no_step = -1;

  /// The first dimension of `shape` counts the rows. Float32, on `device`.
  Tensor normal(at::IntArrayRef shape, at::Device device = at::kCPU);
  Tensor uniform(at::IntArrayRef shape, at::Device device = at::kCPU);  ///< in [0, 1)
  Tensor gumbel(at::IntArrayRef shape, at::Device device = at::kCPU);   ///< standard Gumbel: −log(−log u)
  Tensor bernoulli(const Tensor& probabilities);  ///< 0 or 1, the shape of `probabilities`

  /// bernoulli() in place: `probabilities` is float32, contiguous, on the CPU; throws Error otherwise.
  void bernoulli_(const Tensor& probabilities);

  /// 0 … n−1, shuffled.
  std::vector<int64_t> permutation(int64_t n);

 private:
  template <class Fill>
  void fill(const Tensor& out, const Fill& with);
  template <class Fill>
  Tensor draw(at::IntArrayRef shape, at::Device device, const Fill& with);
  uint32_t next_stream();

  uint64_t seed_;
  uint32_t purpose_;
  uint32_t step_;
  int64_t first_row_;
  uint32_t drawn_ = 0;
};

}  // namespace isthmus
