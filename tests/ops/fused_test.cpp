#include "isthmus/ops/fused.hpp"

#include <cstdlib>

#include <gtest/gtest.h>

namespace isthmus::ops {
namespace {

TEST(Fused, TakesWhatKernelsCanRead) {
  const Tensor plain = at::zeros({4, 6});
  EXPECT_TRUE(eligible(plain));
  EXPECT_TRUE(eligible(plain, Tensor(), plain));
  EXPECT_FALSE(eligible(plain, plain.t()));
  EXPECT_FALSE(eligible(plain.slice(1, 0, 6, 2)));
  EXPECT_FALSE(eligible(plain.to(at::kDouble)));
  EXPECT_FALSE(eligible(plain.to(at::kBFloat16), plain));
}

TEST(FusedDeathTest, IsSwitchedOffByTheEnvironment) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto answer = [](const char* wish) {
    setenv("ISTHMUS_REFERENCE", wish, 1);
    std::exit(eligible(at::zeros({2})) ? 10 : 20);
  };
  EXPECT_EXIT(answer("1"), testing::ExitedWithCode(20), "");
  EXPECT_EXIT(answer("0"), testing::ExitedWithCode(10), "");
}

}  // namespace
}  // namespace isthmus::ops
