#include "isthmus/pictures/curves.hpp"

#include <fstream>

#include <gtest/gtest.h>

#include "tests/support/errors.hpp"
#include "tests/support/more.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/support/tiny_autoencoder.hpp"

namespace isthmus::pictures::curves {
namespace {

class Curves : public ::testing::Test {
 protected:
  void write(const std::string& text) { std::ofstream(folder_.path() / "metrics.jsonl") << text; }
  Subject subject() { return {.model = model_, .data = data_, .run = folder_.path()}; }

  test::TemporaryFolder folder_;
  testing::TinyAutoencoder model_;
  Data data_ = testing::tiny_images(1);
};

TEST_F(Curves, AreAChartATerm) {
  write(R"({"step": 1, "split": "train", "terms": {"loss": 5, "kl": 1, "more": 1}}
{"step": 2, "split": "validation", "terms": {"loss": 6}}
)");
  EXPECT_EQ(why_not(subject()), std::nullopt);
  const io::Image two = draw(subject(), {.columns = 2, .scale = 1});
  EXPECT_EQ(two.width, 2 * 470);
  EXPECT_EQ(two.height, 30 + 2 * 300);
  EXPECT_EQ(draw(subject(), {.columns = 5, .scale = 1}).width, 3 * 470);
}

TEST_F(Curves, ShowWhereTheySettle) {
  report::Series loss{"loss", "train", {}};
  for (int step = 1; step <= 100; ++step) loss.points.emplace_back(step, step == 1 ? 900 : 10 + step % 2);
  EXPECT_LT(chart_of("loss", {loss}, false).y.greatest, 12);
  EXPECT_GT(chart_of("loss", {loss}, true).y.greatest, 900);
}

TEST_F(Curves, AreAsLongAsTheirOwnStage) {
  const report::Series loss{"loss", "train", {{1, 5}, {400, 4}}};
  const report::Series layer{"layer 0: loss", "train", {{1, 9}, {50, 8}}};
  EXPECT_EQ(chart_of("loss", {loss, layer}, false).x.greatest, 400);
  EXPECT_EQ(chart_of("layer 0: loss", {loss, layer}, false).x.greatest, 50);
}

TEST_F(Curves, SayWhyNot) {
  EXPECT_TRUE(testing::says(why_not({.model = model_, .data = data_}), {"folder of a training"}));
  EXPECT_TRUE(testing::says(why_not(subject()), {"no metrics.jsonl"}));
}

TEST_F(Curves, RefuseAnEmptyLog) {
  write("");
  test::expect_error("at least one line", [&] { draw(subject(), {}); });
}

}  // namespace
}  // namespace isthmus::pictures::curves
