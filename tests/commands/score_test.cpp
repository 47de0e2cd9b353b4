#include <algorithm>
#include <cmath>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "isthmus/io/csv.hpp"
#include "isthmus/io/input.hpp"
#include "isthmus/io/npy.hpp"
#include "isthmus/io/npz.hpp"
#include "isthmus/io/png.hpp"

#include "tests/support/program.hpp"

namespace isthmus {
namespace {

using test::holds;
using test::Outcome;
using test::run_program;

class ScoreCommand : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder = std::make_unique<test::TemporaryFolder>();
    const Outcome outcome = run_program(
        test::small_training(*folder / "run", {"--no-evaluation", "--data.binarise", "threshold"}));
    ASSERT_EQ(outcome.status, 0) << outcome.error;
    const std::vector<uint8_t> dots(40 * 32 * 32, 128);
    io::write_npz(*folder / "grey.npz", {{"x", io::make_array(dots, {40, 1, 32, 32})}});
  }
  static void TearDownTestSuite() { folder.reset(); }
  static std::string run() { return (*folder / "run").string(); }
  static std::string file(const std::string& name) { return (*folder / name).string(); }

  static inline std::unique_ptr<test::TemporaryFolder> folder;
};

TEST_F(ScoreCommand, WritesTheNumbersWhoseMeanIsTheMetric) {
  const Outcome outcome =
      run_program({"score", run(), "sprites", "--score", "nll", "--draws", "20", "--data.limit", "400",
                   "--out", file("new/folder/s.csv"), "--picture", file("s.png"), "--quiet"});
  ASSERT_EQ(outcome.status, 0) << outcome.error;
  EXPECT_TRUE(holds(outcome.out, "nll in nats (high is unusual)")) << outcome.out;
  EXPECT_GT(io::read_png(*folder / "s.png").width, 100);
  const io::Table table = io::read_csv(*folder / "new/folder/s.csv");
  ASSERT_EQ(table.columns.back(), "score");
  double mean = 0;
  for (size_t i = 0; i < table.rows(); ++i) {
    if (i > 0) {
      EXPECT_GT(table.row(i)[0], table.row(i - 1)[0]) << "in the order of the data set";
    }
    mean += table.row(i).back() / static_cast<double>(table.rows());
  }
  const Outcome measured =
      run_program({"evaluate", run(), "--metrics", "nll", "--nll.draws", "20", "--json", "--quiet"});
  EXPECT_NEAR(mean, nlohmann::json::parse(measured.out)["metrics"]["nll"]["value"].get<double>(), 1e-9);

  ASSERT_EQ(run_program({"score", run(), "sprites", "--score", "nll", "--draws", "20", "--data.limit", "400",
                         "--out", file("s.npy"), "--quiet"})
                .status,
            0);
  const io::Array array = io::read_npy(*folder / "s.npy");
  ASSERT_EQ(array.shape, (std::vector<int64_t>{static_cast<int64_t>(table.rows())}));
  for (size_t i = 0; i < table.rows(); ++i) EXPECT_EQ(array.as<double>()[i], table.row(i).back());
}

TEST_F(ScoreCommand, BinarisesAnotherDataSetAsItsModelWasTrained) {
  const Outcome outcome = run_program({"score", run(), "npz", "--data.path", file("grey.npz"), "--split",
                                       "train", "--out", file("g.csv"), "--quiet"});
  ASSERT_EQ(outcome.status, 0) << outcome.error;
  const io::Table table = io::read_csv(*folder / "g.csv");
  EXPECT_EQ(table.columns, (std::vector<std::string>{"index", "score"}));
  // 128 of 255 is above the threshold: all pixels are 1, all examples alike but for their draws.
  EXPECT_NEAR(table.row(0)[1], table.row(1)[1], 0.2 * std::abs(table.row(0)[1]));
  const Outcome grey = run_program({"score", run(), "npz", "--data.path", file("grey.npz"), "--data.binarise",
                                    "none", "--out", file("g.csv"), "--quiet"});
  EXPECT_EQ(grey.status, 2);
  EXPECT_TRUE(holds(grey.error, "pixels of 0 or 1")) << grey.error;
}

/// The lines of a table, without the first.
std::vector<std::string> lines_of(const std::string& table) {
  std::vector<std::string> lines;
  std::istringstream text(table);
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  lines.erase(lines.begin());
  return lines;
}

TEST_F(ScoreCommand, NamesTheFilesOfAFolderAndScoresAllOfThem) {
  std::filesystem::create_directories(*folder / "photos");
  for (uint8_t i = 0; i < 8; ++i) {
    std::vector<uint8_t> pixels(32 * 32, 0);
    std::fill_n(pixels.begin(), 120 * i, 255);
    io::write_png(*folder / "photos" / fmt::format("{}.png", i), {32, 32, 1, pixels});
  }
  const auto score = [&](const std::string& name, std::vector<std::string> more) {
    std::vector<std::string> words{"score",        run(),     "folder",         "--data.path",
                                   file("photos"), "--score", "reconstruction", "--out",
                                   file(name),     "--quiet"};
    words.insert(words.end(), more.begin(), more.end());
    const Outcome outcome = run_program(words);
    EXPECT_EQ(outcome.status, 0) << outcome.error;
    return io::read_text(file(name));
  };
  const std::string table = score("photos.csv", {});
  EXPECT_TRUE(table.starts_with("index,score,file\n0,")) << table;
  const std::vector<std::string> all = lines_of(table);
  ASSERT_EQ(all.size(), 8U);
  for (size_t i = 0; i < all.size(); ++i) {
    EXPECT_TRUE(all[i].starts_with(fmt::format("{},", i))) << all[i];
    EXPECT_TRUE(all[i].ends_with(fmt::format("photos/{}.png", i))) << all[i];
  }
  // A part of them, shuffled by the split: each still with the score and the name that are its own.
  const std::vector<std::string> half = lines_of(score("half.csv", {"--data.test", "0.5"}));
  EXPECT_EQ(half.size(), 4U);
  for (const std::string& line : half) EXPECT_EQ(std::ranges::count(all, line), 1) << line;
}

TEST_F(ScoreCommand, FindsOutFirstThatItCannotWrite) {
  const Outcome outcome =
      run_program({"score", run(), "sprites", "--data.limit", "400", "--out", file("grey.npz/s.csv")});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_TRUE(holds(outcome.error, "to make the folder of")) << outcome.error;
}

TEST_F(ScoreCommand, RefusesWrongWords) {
  const auto refusal = [](std::vector<std::string> words) {
    words.insert(words.begin(), {"score", run()});
    const Outcome outcome = run_program(words);
    EXPECT_EQ(outcome.status, 2) << outcome.out;
    return outcome.error;
  };
  EXPECT_TRUE(holds(refusal({"sprites"}), "--out FILE.npy or FILE.csv, got none"));
  EXPECT_TRUE(holds(refusal({"sprites", "--out", file("s.txt")}), "s.txt'"));
  EXPECT_TRUE(
      holds(refusal({"sprites", "--out", file("s.csv"), "--picture", file("s.jpg")}), "--picture FILE.png"));
  EXPECT_TRUE(holds(refusal({"sprite", "--out", file("s.csv")}), "try 'sprites'"));
  EXPECT_TRUE(holds(refusal({"sprites", "--out", file("s.csv"), "--score", "ebo"}), "try 'elbo'"));
  EXPECT_TRUE(holds(refusal({"sprites", "--out", file("s.csv"), "--data.size", "64"}), "shape 1x32x32"));
}

TEST_F(ScoreCommand, OutliersAreMeasuredWhereTheyAreAskedForAndNotMentionedElse) {
  const Outcome silent = run_program({"evaluate", run(), "--quick", "--quiet"});
  ASSERT_EQ(silent.status, 0) << silent.error;
  EXPECT_FALSE(holds(silent.out, "anomaly")) << silent.out;
  const Outcome asked = run_program({"evaluate", run(), "--quick", "--quiet", "--anomaly.outliers", "npz",
                                     "--anomaly.path", file("grey.npz")});
  ASSERT_EQ(asked.status, 0) << asked.error;
  EXPECT_TRUE(holds(asked.out, "AUC by elbo")) << asked.out;
  const Outcome named = run_program({"evaluate", run(), "--metrics", "anomaly"});
  EXPECT_EQ(named.status, 2);
  EXPECT_TRUE(holds(named.error, "either --anomaly.outliers DATASET or --anomaly.class N")) << named.error;
}

}  // namespace
}  // namespace isthmus
