#include "isthmus/program/catalogue.hpp"

#include <gtest/gtest.h>

namespace isthmus::program {
namespace {

TEST(Wrapped, BreaksBetweenWords) {
  EXPECT_EQ(wrapped("one two three four", 11, 2), "  one two\n  three\n  four\n");
  EXPECT_EQ(wrapped("one two three", 100, 0), "one two three\n");
  EXPECT_EQ(wrapped("", 10), "\n");
}

TEST(Wrapped, CountsCharactersAndLeavesLongWordsWhole) {
  EXPECT_EQ(wrapped("σσσ σσσ", 7, 0), "σσσ σσσ\n");
  EXPECT_EQ(wrapped("σσσ σσσ", 6, 0), "σσσ\nσσσ\n");
  EXPECT_EQ(wrapped("a incomprehensible b", 5, 0), "a\nincomprehensible\nb\n");
}

}  // namespace
}  // namespace isthmus::program
