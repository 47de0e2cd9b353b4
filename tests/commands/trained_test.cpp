// The commands that look at a trained model, on one small run that all of them share.

#include <algorithm>
#include <filesystem>
#include <memory>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "isthmus/io/atomic_file.hpp"
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

class TrainedRun : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder = std::make_unique<test::TemporaryFolder>();
    const Outcome outcome = run_program(test::small_training(*folder / "run", {"--no-evaluation"}));
    ASSERT_EQ(outcome.status, 0) << outcome.error;
  }
  static void TearDownTestSuite() { folder.reset(); }
  static std::string run() { return (*folder / "run").string(); }
  static std::string file(const std::string& name) { return (*folder / name).string(); }

  static inline std::unique_ptr<test::TemporaryFolder> folder;
};

TEST_F(TrainedRun, EvaluateMeasuresWhatIsAskedAndKeepsTheRest) {
  const Outcome first = run_program({"evaluate", run(), "--metrics", "reconstruction", "--json", "--quiet"});
  ASSERT_EQ(first.status, 0) << first.error;
  const auto json = nlohmann::json::parse(first.out);
  EXPECT_EQ(json["model"], "vae");
  EXPECT_EQ(json["split"], "test");
  EXPECT_GT(json["metrics"]["reconstruction"]["value"].get<double>(), 0);
  ASSERT_EQ(run_program({"evaluate", run(), "--metrics", "nll", "--nll.draws", "20", "--quiet"}).status, 0);
  const auto kept = nlohmann::json::parse(io::read_text(*folder / "run/evaluation.json"));
  EXPECT_TRUE(kept["metrics"].contains("reconstruction"));
  EXPECT_EQ(kept["metrics"]["nll"]["draws"], 20);
}

// Figures of the test split, measured in full, are lost neither to another split nor to a quick look.
TEST_F(TrainedRun, EvaluateKeepsFiguresOfEachSplitAndFullOnesOverQuick) {
  const auto kept = [&](const char* name) {
    return nlohmann::json::parse(io::read_text(*folder / "run" / name))["metrics"]["elbo"];
  };
  const auto evaluate = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"evaluate", run(), "--metrics", "elbo", "--quiet"});
    const Outcome outcome = run_program(more);
    ASSERT_EQ(outcome.status, 0) << outcome.error;
  };
  evaluate({"--quick"});
  EXPECT_EQ(kept("evaluation.json")["quick"], true);
  evaluate({});
  const auto full = kept("evaluation.json");
  EXPECT_FALSE(full.contains("quick"));
  evaluate({"--split", "train"});
  EXPECT_NE(kept("evaluation-train.json"), full);
  evaluate({"--quick"});
  EXPECT_EQ(kept("evaluation.json"), full);
}

TEST_F(TrainedRun, EvaluateRefusesAnUnknownMetric) {
  const Outcome outcome = run_program({"evaluate", run(), "--metrics", "nil"});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_TRUE(holds(outcome.error, "a metric, got 'nil'; try 'nll'")) << outcome.error;
}

TEST_F(TrainedRun, DrawWritesAPicture) {
  const Outcome outcome = run_program({"draw", "samples", run(), "--out", file("samples.png")});
  ASSERT_EQ(outcome.status, 0) << outcome.error;
  EXPECT_GT(io::read_png(*folder / "samples.png").width, 100);
  const Outcome unknown = run_program({"draw", "sample", run()});
  EXPECT_EQ(unknown.status, 2);
  EXPECT_TRUE(holds(unknown.error, "a picture, got 'sample'; try 'samples'")) << unknown.error;
  EXPECT_EQ(run_program({"draw", "samples", run(), "--out", file("samples.jpg")}).status, 2);
}

TEST_F(TrainedRun, DrawRefusesAClassOfWhatIsGivenNone) {
  const Outcome model = run_program({"draw", "samples", run(), "--label", "1", "--out", file("one.png")});
  EXPECT_EQ(model.status, 2);
  EXPECT_TRUE(holds(model.error, "a model that is given the class")) << model.error;
  EXPECT_FALSE(std::filesystem::exists(*folder / "one.png"));
  const Outcome picture = run_program({"draw", "reconstructions", run(), "--label", "1"});
  EXPECT_EQ(picture.status, 2);
  EXPECT_TRUE(holds(picture.error, "a picture of one class, samples, got reconstructions")) << picture.error;
}

TEST_F(TrainedRun, CodesGoOutAndComeBack) {
  const Outcome encoded = run_program({"encode", run(), "sprites", "--out", file("z.npy")});
  ASSERT_EQ(encoded.status, 0) << encoded.error;
  const io::Array codes = io::read_npy(*folder / "z.npy");
  EXPECT_EQ(codes.shape[1], 3);
  const Outcome decoded = run_program({"decode", run(), file("z.npy"), "--out", file("x.npy")});
  ASSERT_EQ(decoded.status, 0) << decoded.error;
  EXPECT_EQ(io::read_npy(*folder / "x.npy").shape, (std::vector<int64_t>{codes.shape[0], 1, 32, 32}));
  const Outcome wrong = run_program({"decode", run(), file("x.npy"), "--out", file("y.npy")});
  EXPECT_EQ(wrong.status, 2);
  EXPECT_TRUE(holds(wrong.error, "codes of shape [n, 3]")) << wrong.error;
  const Outcome picture = run_program({"decode", run(), file("z.npy"), "--out", file("x.png")});
  EXPECT_EQ(picture.status, 2);
  EXPECT_TRUE(holds(picture.error, "--out FILE.npy, got '")) << picture.error;
}

// Splits are shuffled: what leaves the program is in the data set's own order and says where it stands there.
TEST_F(TrainedRun, CodesGoOutWithTheirClassesInTheOrderOfTheDataSet) {
  for (const char* name : {"train.npz", "train.npy"}) {
    const Outcome outcome =
        run_program({"encode", run(), "sprites", "--split", "train", "--out", file(name)});
    ASSERT_EQ(outcome.status, 0) << outcome.error;
  }
  const io::Npz codes(*folder / "train.npz");
  EXPECT_EQ(codes.names(), (std::vector<std::string>{"code", "index", "label"}));
  const io::Array index = codes.read("index");
  EXPECT_TRUE(std::ranges::is_sorted(index.as<int64_t>()));
  EXPECT_GT(index.as<int64_t>().back(), index.shape[0]) << "of a part of the data set";
  EXPECT_EQ(codes.read("label").shape, index.shape);
  EXPECT_EQ(codes.read("code").shape, (std::vector<int64_t>{index.shape[0], 3}));
  const io::Array alone = io::read_npy(*folder / "train.npy");
  EXPECT_TRUE(std::ranges::equal(codes.read("code").as<float>(), alone.as<float>()));

  // A form of a sprite is its class, and every form has as many: the place says which.
  const Outcome scored = run_program({"score", run(), "sprites", "--split", "train", "--data.limit", "400",
                                      "--score", "reconstruction", "--out", file("train.csv"), "--quiet"});
  ASSERT_EQ(scored.status, 0) << scored.error;
  const io::Table table = io::read_csv(*folder / "train.csv");
  ASSERT_EQ(table.rows(), static_cast<size_t>(index.shape[0]));
  for (size_t i = 0; i < table.rows(); ++i) {
    EXPECT_EQ(table.row(i)[0], static_cast<double>(index.as<int64_t>()[i]));
    EXPECT_EQ(table.row(i)[1], static_cast<double>(codes.read("label").as<int64_t>()[i]));
  }

  ASSERT_EQ(run_program({"decode", run(), file("train.npz"), "--out", file("back.npy")}).status, 0);
  EXPECT_EQ(io::read_npy(*folder / "back.npy").shape[0], index.shape[0]);
  const Outcome wrong = run_program({"encode", run(), "sprites", "--out", file("z.csv")});
  EXPECT_EQ(wrong.status, 2);
  EXPECT_TRUE(holds(wrong.error, "--out FILE.npy or FILE.npz, got '")) << wrong.error;
}

TEST_F(TrainedRun, EncodeRefusesExamplesOfAnotherShape) {
  const Outcome outcome =
      run_program({"encode", run(), "sprites", "--data.size", "64", "--out", file("z64.npy")});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_TRUE(holds(outcome.error, "examples of shape 1x32x32")) << outcome.error;
}

TEST_F(TrainedRun, AQuickLookSaysThatItIsOne) {
  const Outcome quick = run_program(
      {"evaluate", run(), "--metrics", "elbo", "--split", "train", "--quick", "--json", "--quiet"});
  EXPECT_TRUE(nlohmann::json::parse(quick.out)["metrics"]["elbo"]["quick"].get<bool>());
  ASSERT_EQ(run_program({"evaluate", run(), "--metrics", "sparsity", "--quick", "--quiet"}).status, 0);
  ASSERT_EQ(run_program({"report", run()}).status, 0);
  EXPECT_TRUE(
      holds(io::read_text(*folder / "run/report.html"), "a quick look, by fewer draws and examples: "));
  const Outcome full = run_program({"evaluate", run(), "--metrics", "sparsity", "--quiet"});
  EXPECT_TRUE(holds(full.out, "brings the run's page up to date")) << full.out;
  EXPECT_FALSE(
      holds(run_program({"evaluate", run(), "--metrics", "sparsity", "--json", "--quiet"}).out, "quick"));
}

TEST_F(TrainedRun, ReportIsOnePage) {
  const Outcome outcome = run_program({"report", run()});
  ASSERT_EQ(outcome.status, 0) << outcome.error;
  const std::string page = io::read_text(*folder / "run/report.html");
  EXPECT_TRUE(holds(page, "data:image/png;base64,"));
  EXPECT_FALSE(holds(page, "src=\"http")) << "a self-contained page asks nobody for anything";
}

TEST_F(TrainedRun, ReproduceHoldsFiguresAgainstWhatIsExpected) {
  const std::string recipe = io::read_text(*folder / "run/recipe.toml");
  io::write_whole(*folder / "small.toml",
                  recipe + "\n[expect.reconstruction]\nat_least = 0\nat_most = 1000\n");
  io::write_whole(*folder / "strict.toml", recipe + "\n[expect.reconstruction]\nvalue = -1\n");
  const Outcome pass =
      run_program({"reproduce", file("small.toml"), "--out", file("runs"), "--seeds", "2", "--quiet"});
  EXPECT_EQ(pass.status, 0) << pass.out << pass.error;
  EXPECT_TRUE(holds(pass.out, "pass  reconstruction")) << pass.out;
  EXPECT_TRUE(holds(pass.out, "sd of 2 seeds")) << pass.out;
  const Outcome fall_short =
      run_program({"reproduce", file("strict.toml"), "--out", file("runs"), "--json", "--quiet"});
  EXPECT_EQ(fall_short.status, 1) << fall_short.error;
  EXPECT_FALSE(nlohmann::json::parse(fall_short.out)[0]["expect"][0]["pass"].get<bool>());
  io::write_whole(*folder / "typo.toml", recipe + "\n[expect.nlll]\nat_most = 1\n");
  io::write_whole(*folder / "setting.toml", recipe + "\n[expect.nll]\nat_most = 1\nsettings.drawz = 9\n");
  for (const char* name : {"typo", "setting"}) {
    const Outcome typo =
        run_program({"reproduce", file(std::string(name) + ".toml"), "--out", file("runs"), "--quiet"});
    EXPECT_EQ(typo.status, 2);
    EXPECT_FALSE(std::filesystem::exists(*folder / "runs" / (std::string(name) + "-seed-0")))
        << "before any training: " << typo.error;
  }
  const Outcome empty = run_program({"reproduce", run() + "/recipe.toml"});
  EXPECT_EQ(empty.status, 2);
  EXPECT_TRUE(holds(empty.error, "says what to expect")) << empty.error;
}

TEST(Catalogue, ListsEveryMenuInWordsAndInJson) {
  for (const char* menu : {"models", "datasets", "metrics", "pictures"}) {
    const Outcome words = run_program({menu});
    EXPECT_EQ(words.status, 0) << menu;
    const auto json = nlohmann::json::parse(run_program({menu, "--json"}).out);
    ASSERT_FALSE(json.empty()) << menu;
    for (const auto& entry : json) {
      const std::string name = entry["name"];
      EXPECT_TRUE(holds(words.out, name)) << name;
      EXPECT_TRUE(holds(run_program({menu, name}).out, name + ": ")) << name;
    }
  }
}

}  // namespace
}  // namespace isthmus
