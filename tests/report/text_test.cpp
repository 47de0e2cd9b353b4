#include "isthmus/report/text.hpp"

#include <gtest/gtest.h>

namespace isthmus::report {
namespace {

TEST(Escape, LeavesNoMarkup) {
  EXPECT_EQ(escape("<a b=\"c\" d='e'> & x"), "&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt; &amp; x");
}

TEST(Duration, IsReadable) {
  EXPECT_EQ(duration(3.14), "3.1 s");
  EXPECT_EQ(duration(41.4), "41 s");
  EXPECT_EQ(duration(372), "6 min 12 s");
  EXPECT_EQ(duration(3600 * 2 + 300), "2 h 5 min");
}

TEST(Grouped, SetsThousandsApart) {
  EXPECT_EQ(grouped(7), "7");
  EXPECT_EQ(grouped(123), "123");
  EXPECT_EQ(grouped(1234567), "1,234,567");
  EXPECT_EQ(grouped(-1234), "-1,234");
}

TEST(Rounded, KeepsTwoDigitsOfTheError) {
  EXPECT_EQ(rounded(237.14932, 0.2134), "237.15");
  EXPECT_EQ(rounded(-315.14932, 3.1), "−315.1");
  EXPECT_EQ(rounded(237.14932, 41.0), "237");
  EXPECT_EQ(rounded(237.14932, std::nullopt), "237.15");
  EXPECT_EQ(rounded(8, std::nullopt), "8");
  EXPECT_EQ(rounded(-12345678.9, std::nullopt), "−12,345,679");
  EXPECT_EQ(rounded(5000, std::nullopt), "5,000");
  EXPECT_EQ(rounded(3.2e-7, std::nullopt), "3.2e-07");
}

}  // namespace
}  // namespace isthmus::report
