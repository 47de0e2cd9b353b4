#include "isthmus/program/markdown.hpp"

#include <gtest/gtest.h>

namespace isthmus::program::markdown {
namespace {

TEST(Markdown, PlainTextKeepsItsSigns) {
  EXPECT_EQ(plain("a < b, <b> & c &amp; d"), "a &lt; b, &lt;b&gt; & c &amp;amp; d");
  EXPECT_EQ(plain("2*3 `x` [y] $z$ ~w~ \\n"), R"(2\*3 \`x\` \[y\] \$z\$ \~w\~ \\n)");
  EXPECT_EQ(plain("per_pixel, _this_"), R"(per_pixel, \_this\_)");
  EXPECT_EQ(plain("- first"), R"(\- first)");
  EXPECT_EQ(plain("# 1"), R"(\# 1)");
  EXPECT_EQ(plain("-239.3 ± 0.7"), "-239.3 ± 0.7");
  EXPECT_EQ(plain("1 - 2 # 3"), "1 - 2 # 3");
  EXPECT_EQ(plain("two\nlines"), "two lines");
  EXPECT_EQ(plain("μ + σ·ε"), "μ + σ·ε");
}

TEST(Markdown, CodeHoldsAnyBackticks) {
  EXPECT_EQ(code("a_b*c<d"), "`a_b*c<d`");
  EXPECT_EQ(code("a`b"), "``a`b``");
  EXPECT_EQ(code("`a"), "`` `a ``");
  EXPECT_EQ(code("a``b`"), "``` a``b` ```");
  EXPECT_EQ(code(""), "");
}

TEST(Markdown, LinksAreNotEndedByTheirUrl) {
  EXPECT_EQ(link("a [b]", "https://x.org/y(1) <z>"), R"([a \[b\]](https://x.org/y%281%29%20%3Cz%3E))");
}

TEST(Markdown, ABarInACellEndsNoCell) {
  EXPECT_EQ(table({"a", "b"}, {{"p(x|z)", code("x|y")}, {"", "2"}}),
            "| a | b |\n| --- | --- |\n| p(x\\|z) | `x\\|y` |\n| | 2 |\n");
}

}  // namespace
}  // namespace isthmus::program::markdown
