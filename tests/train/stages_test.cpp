#include "isthmus/train/stages.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace isthmus::train {
namespace {

TEST(Stages, FollowOneAnother) {
  const Stages stages(2, 30, 100);
  EXPECT_EQ(stages.count(), 3);
  EXPECT_EQ(stages.steps(), 160);
  const auto said = [&](int64_t step) {
    const Stage stage = stages.at(step);
    return fmt::format("{} {}-{}", stage.name(), stage.first, stage.end());
  };
  EXPECT_EQ(said(0), "layer 0 0-30");
  EXPECT_EQ(said(29), "layer 0 0-30");
  EXPECT_EQ(said(30), "layer 1 30-60");
  EXPECT_EQ(said(59), "layer 1 30-60");
  EXPECT_EQ(said(60), "whole 60-160");
  EXPECT_EQ(said(159), "whole 60-160");
  EXPECT_EQ(said(160), "whole 60-160");
}

TEST(Stages, WithoutPretrainingAreOne) {
  const Stages stages(0, 2000, 100);
  EXPECT_EQ(stages.count(), 1);
  EXPECT_EQ(stages.steps(), 100);
  EXPECT_EQ(stages.at(0).layer, std::nullopt);
  EXPECT_EQ(stages.at(0).first, 0);
  EXPECT_EQ(stages.seen(0), 0);
  EXPECT_EQ(stages.seen(70), 70);
}

TEST(Stages, KnowHowMuchOfAScheduleIsUsed) {
  const Stages stages(2, 30, 100);
  EXPECT_EQ(stages.seen(10), 10);
  EXPECT_EQ(stages.seen(30), 30);
  EXPECT_EQ(stages.seen(35), 30) << "the second layer has come less far than the first";
  EXPECT_EQ(stages.seen(80), 30);
  EXPECT_EQ(stages.seen(95), 35);
}

}  // namespace
}  // namespace isthmus::train
