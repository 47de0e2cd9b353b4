#include "isthmus/report/rate_distortion.hpp"

#include <fstream>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/support/errors.hpp"
#include "tests/support/more.hpp"
#include "tests/support/temporary_folder.hpp"

namespace isthmus::report {
namespace {

class ReadRateDistortion : public ::testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) { std::ofstream(folder_ / name) << text; }
  std::string label() { return read_rate_distortion(folder_.path()).label; }

  void SetUp() override {
    write("evaluation.json", R"({"metrics": {"rate_distortion": {"value": 12.5, "distortion": 230.25}}})");
  }
  test::TemporaryFolder folder_;
};

TEST_F(ReadRateDistortion, TakesTheFiguresThatWereMeasured) {
  const auto point = read_rate_distortion(folder_.path());
  EXPECT_EQ(point.rate, 12.5);
  EXPECT_EQ(point.distortion, 230.25);
  EXPECT_EQ(point.label, folder_.path().filename().string());
}

TEST_F(ReadRateDistortion, NamesARunByItsBetaAtTheEnd) {
  write("recipe.toml", "model = 'beta_vae'\n[beta_vae]\nbeta = 4\ncapacity = 0.0\n");
  EXPECT_EQ(label(), "beta 4");
  write("recipe.toml", "model = 'beta_vae'\n[beta_vae]\nbeta = '0:0, 1000:0.5'\ncapacity = '0'\n");
  EXPECT_EQ(label(), "beta 0.5");
  write("recipe.toml", "model = 'beta_vae'\n[beta_vae]\nbeta = 1000\ncapacity = '0:0, 1000:25'\n");
  EXPECT_EQ(label(), "capacity 25");
  write("recipe.toml", "model = 'vae'\n[vae]\nlatent = 3\n");
  EXPECT_EQ(label(), "beta 1");
  write("recipe.toml", "model = 'iwae'\n[iwae]\nk = 3\n");
  EXPECT_EQ(label(), folder_.path().filename().string());
}

/// A folder of its own, measured on `split`, `images` of them.
std::filesystem::path measured(const test::TemporaryFolder& folder, const std::string& name,
                               const std::string& model, const std::string& split, int images,
                               const std::string& binarise = "dynamic") {
  const auto run = folder / name;
  std::filesystem::create_directories(run);
  std::ofstream(run / "evaluation.json")
      << fmt::format(R"({{"model": "{}", "dataset": "mnist", "split": "{}", )"
                     R"("metrics": {{"rate_distortion": {{"value": 12, "distortion": 70, "images": {}}}}}}})",
                     model, split, images);
  std::ofstream(run / "recipe.toml") << fmt::format(
      "model = '{}'\n[{}]\nbeta = '2'\n[data]\nbinarise = '{}'\nsize = 0\n", model, model, binarise);
  return run;
}

TEST_F(ReadRateDistortion, JoinsRunsOfTheSameDataAlone) {
  const auto first = measured(folder_, "first", "beta_vae", "test", 1000);
  const auto points = read_rate_distortions({first, measured(folder_, "second", "beta_vae", "test", 500)});
  ASSERT_EQ(points.size(), 2U);
  EXPECT_EQ(points[0].label, "beta 2");
  EXPECT_EQ(points[0].data, "mnist, test split, --data.binarise dynamic");
  EXPECT_EQ(points[1].images, 500);
  for (const auto& other : {measured(folder_, "split", "beta_vae", "train", 1000),
                            measured(folder_, "pixels", "beta_vae", "test", 1000, "static")})
    test::expect_error("measured on the same: mnist, test split, --data.binarise dynamic",
                       [&] { read_rate_distortions({first, other}); });
  const auto mixed = read_rate_distortions({first, measured(folder_, "other", "iwae", "test", 1000)});
  EXPECT_EQ(mixed[0].label, "beta_vae, beta 2");
  EXPECT_EQ(mixed[1].label, "iwae, beta 2");
}

TEST_F(ReadRateDistortion, SaysHowToMeasureARunThatWasNot) {
  for (const char* text : {"{}", "[1]", "{", R"({"metrics": {"rate_distortion": {"value": 1}}})",
                           R"({"metrics": {"rate_distortion": {"value": "1", "distortion": 2}}})"}) {
    write("evaluation.json", text);
    EXPECT_TRUE(testing::says(why_no_rate_distortion(folder_.path()),
                              {"evaluation.json", "--metrics rate_distortion"}))
        << text;
    test::expect_error("isthmus evaluate", [&] { read_rate_distortion(folder_.path()); });
  }
  EXPECT_TRUE(why_no_rate_distortion(folder_ / "absent"));
}

}  // namespace
}  // namespace isthmus::report
