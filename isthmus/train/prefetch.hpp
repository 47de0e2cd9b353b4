#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace isthmus::train {

/// Makes items first, first + 1, … on a thread of its own, ahead of their use, in a ring of a few slots that
/// are filled again and again.
template <class Item>
class Prefetch {
 public:
  /// `produce(index, slot)` runs on the worker alone; `slot` holds what it held `slots` items ago. Of the
  /// slots (2 or more) one is in use and the others are ahead.
  Prefetch(int64_t first, std::function<void(int64_t index, Item& slot)> produce, size_t slots = 3)
      : produce_(std::move(produce)), ring_(slots), worker_([this, first] { work(first); }) {}
  Prefetch(const Prefetch&) = delete;
  Prefetch& operator=(const Prefetch&) = delete;

  /// Waits for the item being made, then stops.
  ~Prefetch() {
    {
      const std::scoped_lock lock(mutex_);
      stopped_ = true;
    }
    changed_.notify_all();
    worker_.join();
  }

  /// The next item, the caller's until the following call. Throws what `produce` threw for it, and again if
  /// asked again.
  Item& next() {
    std::unique_lock lock(mutex_);
    released_ = taken_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return made_ > taken_ || error_; });
    if (made_ == taken_) std::rethrow_exception(error_);
    return ring_[taken_++ % ring_.size()];
  }

 private:
  void work(int64_t index) {
    for (;; ++index) {
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return stopped_ || made_ - released_ < ring_.size(); });
        if (stopped_) return;
      }
      std::exception_ptr error;
      try {
        produce_(index, ring_[made_ % ring_.size()]);  // only this thread writes made_
      } catch (...) {
        error = std::current_exception();
      }
      const std::scoped_lock lock(mutex_);
      if (error) {
        error_ = error;
      } else {
        ++made_;
      }
      changed_.notify_all();
      if (error) return;
    }
  }

  std::function<void(int64_t, Item&)> produce_;
  std::vector<Item> ring_;
  std::mutex mutex_;
  std::condition_variable changed_;
  // Counts of items since the start: released_ ≤ taken_ ≤ made_ ≤ released_ + slots.
  size_t made_ = 0;
  size_t taken_ = 0;
  size_t released_ = 0;
  bool stopped_ = false;
  std::exception_ptr error_;
  std::thread worker_;  // last, so that all else is there when it starts
};

}  // namespace isthmus::train
