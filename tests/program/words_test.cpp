#include "isthmus/program/words.hpp"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "isthmus/metrics/linear_probe.hpp"

#include "tests/support/errors.hpp"

namespace isthmus::program {
namespace {

using Set = std::vector<std::pair<std::string, std::string>>;

/// What the words set of linear_probe's settings, and the positional word besides.
std::pair<Set, std::string> taken(const std::vector<std::string>& given) {
  Set set;
  std::string folder;
  Words words("test", "a test");
  words.positional("DIR", folder, "a folder");
  words.settings("probe", Settings(metrics::linear_probe::Config{}, "linear_probe").list(),
                 [&](std::string_view path, std::string_view text) { set.emplace_back(path, text); });
  words.parse(given);
  return {set, folder};
}

TEST(Words, TrueAndFalseAreWrittenInAnyOfTheUsualWays) {
  const std::string word = "--linear_probe.standardise";
  const auto standardise = [](const char* text) { return Set{{"linear_probe.standardise", text}}; };
  EXPECT_EQ(taken({"run", word}).first, standardise("true"));
  EXPECT_EQ(taken({"run", word + "=false"}).first, standardise("false"));
  EXPECT_EQ(taken({"run", word, "false"}).first, standardise("false"));
  EXPECT_EQ(taken({"run", word, "true"}).first, standardise("true"));
  EXPECT_EQ(taken({word, "false", "run"}), std::pair(standardise("false"), std::string("run")));
  EXPECT_EQ(taken({word, "run"}), std::pair(standardise("true"), std::string("run")));
  EXPECT_EQ(taken({"true"}), std::pair(Set(), std::string("true"))) << "a folder may have any name";
}

TEST(Words, TheLastOfSeveralCounts) {
  EXPECT_EQ(taken({"run", "--linear_probe.l2", "1", "--linear_probe.l2=2"}).first.back().second, "2");
}

TEST(Words, WrongOnesAreNamed) {
  test::expect_error("try --linear_probe.l2", [] { taken({"run", "--linear_probe.l3", "1"}); });
  test::expect_error("got 'second'", [] { taken({"run", "second"}); });
  test::expect_error("expected DIR, got none", [] { taken({}); });
}

}  // namespace
}  // namespace isthmus::program
