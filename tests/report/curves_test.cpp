#include "isthmus/report/curves.hpp"

#include <fstream>
#include <string_view>

#include <gtest/gtest.h>

#include "tests/support/errors.hpp"
#include "tests/support/temporary_folder.hpp"

namespace isthmus::report {
namespace {

using Points = std::vector<std::pair<double, double>>;

class ReadCurves : public ::testing::Test {
 protected:
  std::vector<Series> read(std::string_view text, std::string_view more = "") {
    const auto path = folder_.path() / "metrics.jsonl";
    std::ofstream(path) << text << more;
    return read_curves(path);
  }
  test::TemporaryFolder folder_;
};

constexpr auto two = R"({"step": 100, "split": "train", "terms": {"loss": 5, "kl": 1}, "rate": 9, "time": 1}
{"step": 100, "split": "validation", "terms": {"loss": 6}}
)";

TEST_F(ReadCurves, AreOneForEachTermAndSplit) {
  const auto all = read(two);
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].name, "loss");
  EXPECT_EQ(all[1].name, "kl");
  EXPECT_EQ(all[2].split, "validation");
  EXPECT_EQ(all[2].points, (Points{{100, 6}}));
}

TEST_F(ReadCurves, ForgetALineThatIsStillWritten) {
  EXPECT_EQ(read(two, R"({"step": 200, "spl)").size(), 3U);
}

TEST_F(ReadCurves, TakeALastLineWithoutLineFeed) {
  const auto all = read(two, R"({"step": 200, "split": "train", "terms": {"loss": 4}})");
  EXPECT_EQ(all[0].points, (Points{{100, 5}, {200, 4}}));
}

TEST_F(ReadCurves, LeaveOutWhatIsNoNumber) {
  const auto all = read(two, R"({"step": 200, "split": "train", "terms": {"loss": null, "kl": 2}})");
  EXPECT_EQ(all[0].points.size(), 1U);
  EXPECT_EQ(all[1].points.size(), 2U);
}

TEST_F(ReadCurves, ReplaceStepsThatAResumedRunTookAgain) {
  const auto all = read(R"({"step": 1, "split": "train", "terms": {"loss": 9}}
{"step": 2, "split": "train", "terms": {"loss": 8}}
{"step": 3, "split": "train", "terms": {"loss": 7}}
{"step": 2, "split": "train", "terms": {"loss": 6}}
)");
  EXPECT_EQ(all[0].points, (Points{{1, 9}, {2, 6}}));
}

TEST_F(ReadCurves, KeepTheStagesOfATrainingApart) {
  const auto all =
      read(R"({"step": 10, "stage": "layer 0", "stage_step": 10, "split": "train", "terms": {"loss": 9}}
{"step": 20, "stage": "layer 1", "stage_step": 5, "split": "train", "terms": {"loss": 7}}
{"step": 40, "stage": "whole", "stage_step": 10, "split": "train", "terms": {"loss": 5}}
{"step": 40, "stage": "whole", "stage_step": 10, "split": "validation", "terms": {"loss": 6}}
)");
  ASSERT_EQ(all.size(), 4U);
  EXPECT_EQ(all[0].name, "loss");
  EXPECT_EQ(all[0].points, (Points{{10, 5}}));
  EXPECT_EQ(all[1].split, "validation");
  EXPECT_EQ(all[2].name, "layer 0: loss");
  EXPECT_EQ(all[3].name, "layer 1: loss");
  EXPECT_EQ(all[3].points, (Points{{5, 7}}));
}

TEST_F(ReadCurves, RefuseDamageAndAbsence) {
  test::expect_error("line 1", [&] { read("no json\n", two); });
  test::expect_error("absent.jsonl", [&] { read_curves(folder_.path() / "absent.jsonl"); });
}

TEST_F(ReadCurves, OfAnEmptyFileAreNone) {
  EXPECT_TRUE(read("").empty());
}

}  // namespace
}  // namespace isthmus::report
