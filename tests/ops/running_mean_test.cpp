#include "isthmus/ops/running_mean.hpp"

#include <gtest/gtest.h>

namespace isthmus::ops {
namespace {

TEST(RunningMean, AgreesWithTheFormulas) {
  RunningMean mean;
  for (const double value : {2.0, 4.0, 4.0, 6.0}) mean.add(value);
  EXPECT_EQ(mean.count(), 4);
  EXPECT_DOUBLE_EQ(mean.mean(), 4);
  EXPECT_DOUBLE_EQ(mean.variance().value(), 8.0 / 3);
  EXPECT_DOUBLE_EQ(mean.standard_error().value(), std::sqrt(8.0 / 3 / 4));
}

TEST(RunningMean, OneNumberHasNoSpread) {
  RunningMean mean;
  EXPECT_FALSE(mean.variance());
  mean.add(3);
  EXPECT_DOUBLE_EQ(mean.mean(), 3);
  EXPECT_FALSE(mean.variance());
  EXPECT_FALSE(mean.standard_error());
}

TEST(RunningMean, KeepsASmallSpreadFarFromZero) {
  RunningMean mean;
  for (int i = 0; i < 1000; ++i) mean.add(1e9 + i % 2);
  EXPECT_NEAR(mean.variance().value(), 250.0 / 999, 1e-6);
}

}  // namespace
}  // namespace isthmus::ops
