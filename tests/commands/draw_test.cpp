// `isthmus draw` with the class that a conditional model is given, on one small run that all tests share.

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "isthmus/io/png.hpp"

#include "tests/support/program.hpp"

namespace isthmus {
namespace {

using test::holds;
using test::Outcome;
using test::run_program;

class ConditionalRun : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder = std::make_unique<test::TemporaryFolder>();
    auto words = test::small_training(*folder / "run", {"--no-evaluation"});
    std::ranges::replace(words, "vae", "conditional_vae");
    const Outcome outcome = run_program(words);
    ASSERT_EQ(outcome.status, 0) << outcome.error;
  }
  static void TearDownTestSuite() { folder.reset(); }

  /// Nine samples in three columns, as many as sprites have shapes.
  static Outcome draw(const std::string& name, const std::vector<std::string>& more) {
    std::vector<std::string> words{"draw", "samples", (*folder / "run").string()};
    for (const char* word : {"--samples.count", "9", "--samples.columns", "3", "--samples.scale", "1"})
      words.emplace_back(word);
    words.insert(words.end(), {"--out", (*folder / name).string()});
    words.insert(words.end(), more.begin(), more.end());
    return run_program(words);
  }

  static io::Image drawn(const std::string& name, const std::vector<std::string>& more) {
    const Outcome outcome = draw(name, more);
    EXPECT_EQ(outcome.status, 0) << outcome.error;
    return io::read_png(*folder / name);
  }

  /// The part of each line of the picture that belongs to this column of samples.
  static std::vector<uint8_t> column(const io::Image& image, int64_t which) {
    const int64_t width = image.width / 3 * image.channels;
    std::vector<uint8_t> part;
    for (int64_t row = 0; row < image.height; ++row) {
      const auto first = image.pixels.begin() + row * image.width * image.channels + which * width;
      part.insert(part.end(), first, first + width);
    }
    return part;
  }

  static inline std::unique_ptr<test::TemporaryFolder> folder;
};

// Each sample has its own noise, whatever the class: without --label the columns are the classes.
TEST_F(ConditionalRun, DrawsTheClassThatIsAskedFor) {
  const io::Image all = drawn("all.png", {});
  const io::Image ellipses = drawn("ellipses.png", {"--label", "1"});
  ASSERT_EQ(ellipses.width, all.width);
  ASSERT_EQ(ellipses.height, all.height);
  for (int64_t which = 0; which < 3; ++which)
    EXPECT_EQ(column(ellipses, which) == column(all, which), which == 1) << "column " << which;
}

TEST_F(ConditionalRun, DrawsTheClassOfAName) {
  const io::Image by_number = drawn("by_number.png", {"--label", "1"});
  EXPECT_EQ(drawn("by_name.png", {"--label", "ellipse"}), by_number);
  EXPECT_NE(drawn("heart.png", {"--label", "heart"}), by_number);
}

TEST_F(ConditionalRun, RefusesAClassThatThereIsNot) {
  const Outcome unknown = draw("unknown.png", {"--label", "triangle"});
  EXPECT_EQ(unknown.status, 2);
  EXPECT_TRUE(holds(unknown.error, "a class, got 'triangle'; try one of square, ellipse, heart"))
      << unknown.error;
  const Outcome slip = draw("unknown.png", {"--label", "elipse"});
  EXPECT_EQ(slip.status, 2);
  EXPECT_TRUE(holds(slip.error, "a class, got 'elipse'; try 'ellipse'")) << slip.error;
  const Outcome beyond = draw("unknown.png", {"--label", "3"});
  EXPECT_EQ(beyond.status, 2);
  EXPECT_TRUE(holds(beyond.error, "a label from 0 to 2, got 3")) << beyond.error;
  EXPECT_FALSE(std::filesystem::exists(*folder / "unknown.png"));
}

}  // namespace
}  // namespace isthmus
