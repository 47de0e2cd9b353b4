#include "isthmus/train/prefetch.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <numeric>
#include <set>
#include <stdexcept>

#include <gtest/gtest.h>

namespace isthmus::train {
namespace {

TEST(Prefetch, GivesItemsInOrder) {
  Prefetch<int64_t> numbers(5, [](int64_t index, int64_t& slot) { slot = index * index; });
  for (int64_t i = 5; i < 2000; ++i) ASSERT_EQ(numbers.next(), i * i);
}

TEST(Prefetch, LeavesTheItemInUseAlone) {
  Prefetch<std::vector<int64_t>> blocks(
      0, [](int64_t index, std::vector<int64_t>& slot) { slot.assign(100, index); }, 2);
  for (int64_t i = 0; i < 500; ++i) {
    const std::vector<int64_t>& block = blocks.next();
    ASSERT_EQ(std::accumulate(block.begin(), block.end(), int64_t{0}), 100 * i);
  }
}

TEST(Prefetch, FillsTheSameSlotsAgain) {
  std::set<const int*> seen;
  Prefetch<int> numbers(0, [](int64_t index, int& slot) { slot = static_cast<int>(index); }, 3);
  for (int i = 0; i < 30; ++i) seen.insert(&numbers.next());
  EXPECT_EQ(seen.size(), 3U);
}

TEST(Prefetch, RunsAheadOfItsUseButNotFurtherThanTheRing) {
  std::atomic<int64_t> made = 0;
  Prefetch<int> numbers(0, [&](int64_t, int&) { ++made; }, 3);
  numbers.next();
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (made < 3 && std::chrono::steady_clock::now() < until) std::this_thread::yield();
  EXPECT_EQ(made, 3);
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_EQ(made, 3);
}

TEST(Prefetch, HandsOverWhatTheWorkerThrewAtItsPlace) {
  Prefetch<int64_t> numbers(0, [](int64_t index, int64_t& slot) {
    if (index == 4) throw std::runtime_error("the fifth is broken");
    slot = index;
  });
  for (int64_t i = 0; i < 4; ++i) EXPECT_EQ(numbers.next(), i);
  for (int again = 0; again < 2; ++again) {
    try {
      numbers.next();
      FAIL() << "nothing was thrown";
    } catch (const std::runtime_error& error) {
      EXPECT_STREQ(error.what(), "the fifth is broken");
    }
  }
}

TEST(Prefetch, StopsWhateverItIsDoing) {
  for (int taken = 0; taken < 5; ++taken) {
    const auto produce = [](int64_t index, std::unique_ptr<int64_t>& slot) {
      if (index == 3) throw std::runtime_error("never asked for");
      slot = std::make_unique<int64_t>(index);
    };
    Prefetch<std::unique_ptr<int64_t>> numbers(0, produce);
    for (int i = 0; i < std::min(taken, 3); ++i) EXPECT_EQ(*numbers.next(), i);
  }
}

}  // namespace
}  // namespace isthmus::train
