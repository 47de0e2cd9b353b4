#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "isthmus/core/dataset.hpp"
#include "isthmus/train/prefetch.hpp"

namespace isthmus::train {

/// The batches of training: steps first_step, first_step + 1, … gathered and binarised. The batch of a step
/// depends on the seed and the step alone, so a resumed run sees what it would have seen. Every epoch is a
/// fresh shuffle of the whole split, less the examples that fill no whole batch.
class Loader {
 public:
  /// For steps that run on `device`. Where that is not the CPU, a thread of its own makes the batches while
  /// the step before runs; on the CPU, whose cores are all busy with the step, it would only wait for one of
  /// them, so next() makes them, on all threads. `split` must outlive it. Throws UsageError when the split
  /// does not fill one batch.
  Loader(const Dataset& split, Binarise binarise, int64_t batch, uint64_t seed, int64_t first_step = 0,
         at::Device device = at::kCPU);

  /// The batch of the next step, in the CPU's memory, valid until the following call: then its tensors are
  /// filled again, unless somebody still holds copies of them. Throws what gathering threw.
  const Batch& next();

  int64_t steps_per_epoch() const { return steps_per_epoch_; }

 private:
  void fill(int64_t step, Batch& batch);

  const Dataset& split_;
  Binarise binarise_;
  int64_t batch_;
  uint64_t seed_;
  int64_t steps_per_epoch_;
  int64_t step_;
  int64_t epoch_ = -1;  // whose shuffle `order_` is
  std::vector<int64_t> order_;
  Batch current_;
  std::optional<Prefetch<Batch>> ahead_;  // last: its thread uses all of the above but step_ and current_
};

}  // namespace isthmus::train
