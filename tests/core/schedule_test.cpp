#include "isthmus/core/schedule.hpp"

#include <gtest/gtest.h>

#include "isthmus/core/error.hpp"

namespace isthmus {
namespace {

TEST(Schedule, ANumberIsTheSameAtEveryStep) {
  const Schedule schedule = Schedule::parse("1e-3");
  EXPECT_EQ(schedule.at(0), 1e-3);
  EXPECT_EQ(schedule.at(1'000'000), 1e-3);
}

TEST(Schedule, ColonsAreStraightLines) {
  const Schedule schedule = Schedule::parse("0:0, 10000:4");
  EXPECT_EQ(schedule.at(0), 0);
  EXPECT_EQ(schedule.at(2500), 1);
  EXPECT_EQ(schedule.at(10'000), 4);
  EXPECT_EQ(schedule.at(99'999), 4);
}

TEST(Schedule, EqualSignsAreJumps) {
  const Schedule schedule = Schedule::parse("0:1e-3, 12000=3e-4, 19200=1e-4");
  EXPECT_EQ(schedule.at(11'999), 1e-3);
  EXPECT_EQ(schedule.at(12'000), 3e-4);
  EXPECT_EQ(schedule.at(19'199), 3e-4);
  EXPECT_EQ(schedule.at(19'200), 1e-4);
}

TEST(Schedule, LinesAndJumpsMix) {
  const Schedule schedule = Schedule::parse("0:100, 10:50, 20=7");
  EXPECT_EQ(schedule.at(5), 75);
  EXPECT_EQ(schedule.at(19), 50);
  EXPECT_EQ(schedule.at(20), 7);
  EXPECT_EQ(schedule.least(), 7);
  EXPECT_EQ(schedule.greatest(), 100);
}

TEST(Schedule, TextParsesBackToTheSameSchedule) {
  for (const char* text : {"0.001", "0:0.1, 3:0.30000000000000004, 9=1e-300", "0:1, 5=2"})
    EXPECT_EQ(Schedule::parse(Schedule::parse(text).text()), Schedule::parse(text)) << text;
}

TEST(Schedule, MalformedTextIsRefusedWithAReason) {
  const auto refusal = [](const char* text) -> std::string {
    try {
      Schedule::parse(text);
    } catch (const UsageError& error) {
      return error.what();
    }
    return "accepted";
  };
  EXPECT_NE(refusal("").find("empty"), std::string::npos);
  EXPECT_NE(refusal("abc").find("'abc' has no ':' or '='"), std::string::npos);
  EXPECT_NE(refusal("5:1").find("the first step must be 0"), std::string::npos);
  EXPECT_NE(refusal("0:1, 10:2, 10:3").find("steps must rise"), std::string::npos);
  EXPECT_NE(refusal("0:1, x:2").find("'x:2' is not STEP:VALUE"), std::string::npos);
  EXPECT_NE(refusal("0:inf").find("'0:inf' is not STEP:VALUE"), std::string::npos);
}

TEST(Schedule, EndsWithItsLastValue) {
  EXPECT_EQ(Schedule(3.0).last(), 3.0);
  EXPECT_EQ(Schedule::parse("0:100, 500:25").last(), 25.0);
}

}  // namespace
}  // namespace isthmus
