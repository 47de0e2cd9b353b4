#include "isthmus/core/settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace isthmus {
namespace {

enum class Colour { red, green, static_ };

struct Inner {
  std::vector<int64_t> hidden = {400};
  Colour colour = Colour::red;

  static constexpr auto fields() {
    return std::tuple{field<&Inner::hidden>("widths", positive), field<&Inner::colour>("a colour")};
  }
};

struct Shared {
  double sigma = 1;

  static constexpr auto fields() { return std::tuple{field<&Shared::sigma>("spread", positive)}; }
};

struct Outer {
  Inner inner;
  Shared shared;
  int64_t latent = 10;
  bool flag = false;
  Schedule beta = 4.0;
  std::string name = "x";
  double share = 0.5;

  static constexpr auto fields() {
    return std::tuple{field<&Outer::inner>("nested"),
                      inlined<&Outer::shared>(),
                      field<&Outer::latent>("size", positive),
                      field<&Outer::flag>("on or off"),
                      field<&Outer::beta>("weight", non_negative),
                      field<&Outer::name>("a name"),
                      field<&Outer::share>("a share", fraction)};
  }
};

std::string refusal(Settings settings, std::string_view path, std::string_view text) {
  try {
    settings.set(path, text);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Settings, ListEveryFieldByItsMembersName) {
  std::vector<std::string> paths;
  for (const Setting& line : Settings(Outer{}, "o").list()) paths.push_back(line.path);
  EXPECT_THAT(paths, testing::ElementsAre("o.inner.hidden", "o.inner.colour", "o.sigma", "o.latent", "o.flag",
                                          "o.beta", "o.name", "o.share"));
}

TEST(Settings, TextAndBackIsTheSameForEveryKind) {
  Settings settings(Outer{});
  settings.set("inner.hidden", "[500, 200]");
  settings.set("inner.colour", "static");
  settings.set("sigma", "0.25");
  settings.set("latent", "20");
  settings.set("flag", "true");
  settings.set("beta", "0:0, 10000:4");
  settings.set("name", "a b");
  Settings copy(Outer{});
  for (const Setting& line : settings.list()) copy.set(line.path, line.value);
  const auto& read = copy.as<Outer>();
  EXPECT_THAT(read.inner.hidden, testing::ElementsAre(500, 200));
  EXPECT_EQ(read.inner.colour, Colour::static_);
  EXPECT_EQ(read.shared.sigma, 0.25);
  EXPECT_EQ(read.latent, 20);
  EXPECT_TRUE(read.flag);
  EXPECT_EQ(read.beta, Schedule::parse("0:0, 10000:4"));
  EXPECT_EQ(read.name, "a b");
}

TEST(Settings, AnEmptyListIsAList) {
  Settings settings(Outer{});
  settings.set("inner.hidden", "");
  EXPECT_TRUE(settings.as<Outer>().inner.hidden.empty());
}

TEST(Settings, CopiesAreIndependent) {
  Settings first(Outer{});
  const Settings second = first;
  first.set("latent", "3");
  EXPECT_EQ(second.as<Outer>().latent, 10);
}

TEST(Settings, RefusalsSayWhatWasExpectedAndWhatCame) {
  const Settings settings(Outer{});
  EXPECT_EQ(refusal(settings, "latent", "abc"), "[latent] expected an integer above 0, got 'abc'");
  EXPECT_EQ(refusal(settings, "latent", "0"), "[latent] expected an integer above 0, got '0'");
  EXPECT_EQ(refusal(settings, "latent", "2.5"), "[latent] expected an integer above 0, got '2.5'");
  EXPECT_EQ(refusal(settings, "share", "1.5"), "[share] expected a number from 0 to 1, got '1.5'");
  EXPECT_EQ(refusal(settings, "share", "nan"), "[share] expected a number from 0 to 1, got 'nan'");
  EXPECT_EQ(refusal(settings, "flag", "maybe"), "[flag] expected true or false, got 'maybe'");
  EXPECT_EQ(refusal(settings, "inner.colour", "gren"),
            "[inner.colour] expected one of red, green, static, got 'gren'; try 'green'");
  EXPECT_EQ(refusal(settings, "inner.hidden", "400,-1"),
            "[inner.hidden] expected integers like 400,400 in '400,-1', each above 0, got '-1'");
  EXPECT_EQ(refusal(settings, "beta", "0:-1, 10:2"),
            "[beta] expected a number, or a schedule of numbers, of 0 or more, got '0:-1, 10:2'");
}

TEST(Settings, AnUnknownPathGetsTheNearest) {
  EXPECT_EQ(refusal(Settings(Outer{}), "latnt", "3"),
            "[settings] expected a setting, got 'latnt'; try 'latent'");
}

TEST(Settings, KnowTheirKindsBoundsAndChoices) {
  const auto lines = Settings(Outer{}).list();
  EXPECT_EQ(lines[1].kind, Kind::choice);
  EXPECT_THAT(lines[1].choices, testing::ElementsAre("red", "green", "static"));
  EXPECT_EQ(lines[3].kind, Kind::integer);
  EXPECT_EQ(lines[3].bound, "above 0");
  EXPECT_EQ(lines[5].kind, Kind::schedule);
}

}  // namespace
}  // namespace isthmus
