#include "isthmus/train/loader.hpp"

#include <span>

#include <fmt/format.h>
#include <omp.h>

#include "isthmus/core/error.hpp"

namespace isthmus::train {
namespace {

int64_t whole_batches(int64_t size, int64_t batch) {
  if (batch >= 1 && batch <= size) return size / batch;
  throw UsageError({.who = "loader",
                    .expected = fmt::format("a batch from 1 to {}, the size of the training split", size),
                    .got = fmt::format("{}", batch),
                    .hint = "a smaller --fit.batch"});
}

}  // namespace

Loader::Loader(const Dataset& split, Binarise binarise, int64_t batch, uint64_t seed, int64_t first_step,
               at::Device device)
    : split_(split),
      binarise_(binarise),
      batch_(batch),
      seed_(seed),
      steps_per_epoch_(whole_batches(split.size(), batch)),
      step_(first_step) {
  if (device.is_cpu()) return;
  ahead_.emplace(first_step, [this](int64_t step, Batch& into) {
    omp_set_num_threads(1);  // of this thread's kernels: the other cores belong to the step
    fill(step, into);
  });
}

const Batch& Loader::next() {
  if (ahead_) return ahead_->next();
  fill(step_, current_);
  ++step_;
  return current_;
}

void Loader::fill(int64_t step, Batch& batch) {
  const int64_t epoch = step / steps_per_epoch_;
  if (epoch != epoch_) {
    order_ = Noise(seed_, Purpose::shuffle, epoch).permutation(split_.size());
    epoch_ = epoch;
  }
  const auto rows = std::span<const int64_t>(order_).subspan(
      static_cast<size_t>(step % steps_per_epoch_ * batch_), static_cast<size_t>(batch_));
  gather_into(batch, split_, binarise_, rows, Noise(seed_, Purpose::binarise, step));
}

}  // namespace isthmus::train
