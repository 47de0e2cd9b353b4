// Runs on files of one's own, which move, go and change.

#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "isthmus/io/input.hpp"
#include "isthmus/io/npz.hpp"

#include "tests/support/program.hpp"
#include "tests/support/temporary_folder.hpp"

namespace isthmus {
namespace {

using test::holds;
using test::Outcome;
using test::run_program;
using test::TemporaryFolder;

TEST(RunOnRelativeFiles, IsOpenedFromAnyFolder) {
  const TemporaryFolder folder;
  const std::vector<uint8_t> dots(60 * 8 * 8, 255);
  io::write_npz(folder / "dots.npz", {{"x", io::make_array(dots, {60, 1, 8, 8})}});
  const auto relative = std::filesystem::relative(folder / "dots.npz");
  const Outcome trained =
      run_program({"train", "vae", "npz", "--data.path", relative.string(), "--fit.steps", "2", "--fit.batch",
                   "10", "--no-evaluation", "--quiet", "--out", (folder / "run").string()});
  ASSERT_EQ(trained.status, 0) << trained.error;
  EXPECT_TRUE(holds(io::read_text(folder / "run/recipe.toml"),
                    std::filesystem::weakly_canonical(folder / "dots.npz").string()));
}

class RunOnFiles : public testing::Test {
 protected:
  static std::vector<uint8_t> dots(uint8_t grey) {
    std::vector<uint8_t> pixels(60 * 8 * 8, grey);
    for (size_t i = 0; i < pixels.size(); i += 7) pixels[i] = static_cast<uint8_t>(i);
    return pixels;
  }
  void write(const std::string& name, uint8_t grey) const {
    io::write_npz(folder / name, {{"x", io::make_array(dots(grey), {60, 1, 8, 8})}});
  }
  std::string file(const std::string& name) const { return (folder / name).string(); }
  void SetUp() override {
    write("old.npz", 255);
    const Outcome trained =
        run_program({"train", "vae", "npz", "--data.path", file("old.npz"), "--data.binarise", "dynamic",
                     "--fit.steps", "2", "--fit.batch", "10", "--no-evaluation", "--quiet", "--out", run});
    ASSERT_EQ(trained.status, 0) << trained.error;
    std::filesystem::rename(folder / "old.npz", folder / "new.npz");
    write("other.npz", 9);
  }

  TemporaryFolder folder;
  std::string run = (folder / "run").string();
};

TEST_F(RunOnFiles, IsToldWhereItsDataMoved) {
  const Outcome lost = run_program({"evaluate", run, "--quick", "--quiet"});
  EXPECT_EQ(lost.status, 2);
  EXPECT_TRUE(holds(lost.error, "got nothing there; try --data.path")) << lost.error;
  for (std::vector<std::string> words :
       {std::vector<std::string>{"evaluate", run, "--metrics", "reconstruction"},
        {"draw", "samples", run},
        {"report", run},
        {"train", "--resume", run, "--fit.steps", "4", "--no-evaluation", "--quiet"}}) {
    words.insert(words.end(), {"--data.path", file("other.npz")});
    const Outcome wrong = run_program(words);
    EXPECT_EQ(wrong.status, 2) << words.front();
    EXPECT_TRUE(holds(wrong.error, "got others of the same number and shape")) << wrong.error;
    words.back() = file("new.npz");
    const Outcome right = run_program(words);
    EXPECT_EQ(right.status, 0) << words.front() << ": " << right.error;
  }
  EXPECT_TRUE(holds(io::read_text(folder / "run/recipe.toml"), "new.npz")) << "the training went on with it";
}

TEST_F(RunOnFiles, EncodesDecodesAndScoresWithoutItsData) {
  std::filesystem::remove(folder / "new.npz");
  const Outcome scored = run_program(
      {"score", run, "npz", "--data.path", file("other.npz"), "--out", file("scores.csv"), "--quiet"});
  ASSERT_EQ(scored.status, 0) << scored.error;
  EXPECT_TRUE(holds(scored.out, "60 scores")) << scored.out;
  const Outcome encoded =
      run_program({"encode", run, "npz", "--data.path", file("other.npz"), "--out", file("z.npy")});
  ASSERT_EQ(encoded.status, 0) << encoded.error;
  EXPECT_TRUE(holds(encoded.out, "60 codes")) << encoded.out;
  EXPECT_EQ(run_program({"decode", run, file("z.npy"), "--out", file("x.npy")}).status, 0);
}

TEST_F(RunOnFiles, KnowsItsOwnDataByAnyName) {
  std::filesystem::rename(folder / "new.npz", folder / "old.npz");
  std::filesystem::create_symlink(folder / "old.npz", folder / "link.npz");
  for (const char* name : {"old.npz", "link.npz"}) {
    const Outcome own =
        run_program({"score", run, "npz", "--data.path", file(name), "--out", file("scores.csv"), "--quiet"});
    EXPECT_TRUE(holds(own.out, "6 scores")) << "the test split: " << own.out << own.error;
  }
}

}  // namespace
}  // namespace isthmus
