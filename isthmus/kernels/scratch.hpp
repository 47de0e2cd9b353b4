#pragma once

#include <cstddef>
#include <new>

#include <hwy/aligned_allocator.h>

namespace isthmus::kernels {

/// Memory for vectors that grows and is kept: what a thread lays out, call after call. Within a parallel
/// region memory that is not there ends the program.
template <class Number>
class Scratch {
 public:
  /// So many numbers; what they were before is lost where they did not fit.
  Number* of(size_t numbers) {
    if (numbers > size_) {
      memory_ = hwy::AllocateAligned<Number>(numbers);
      if (memory_ == nullptr) throw std::bad_alloc();
      size_ = numbers;
    }
    return memory_.get();
  }

 private:
  hwy::AlignedFreeUniquePtr<Number[]> memory_;
  size_t size_ = 0;
};

}  // namespace isthmus::kernels
