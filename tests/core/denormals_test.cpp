#include "isthmus/core/denormals.hpp"

#include <limits>
#include <thread>

#include <gtest/gtest.h>

namespace isthmus {
namespace {

float half_of_the_least_normal() {
  volatile float least = std::numeric_limits<float>::min();
  return least / 2;
}

TEST(Denormals, AreNoughtOnThisThreadAndOnThoseItStarts) {
  // On a thread of its own, so that the other tests keep theirs.
  std::thread([] {
    EXPECT_GT(half_of_the_least_normal(), 0);
    flush_denormals();
    EXPECT_EQ(half_of_the_least_normal(), 0);
    std::thread([] { EXPECT_EQ(half_of_the_least_normal(), 0); }).join();
  }).join();
}

}  // namespace
}  // namespace isthmus
