#include "isthmus/pictures/rate_distortion.hpp"

#include <fstream>

#include <gtest/gtest.h>

#include "isthmus/models/vae.hpp"

#include "tests/support/errors.hpp"
#include "tests/support/gaussian_models.hpp"
#include "tests/support/more.hpp"
#include "tests/support/small_data.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/support/tiny_autoencoder.hpp"

namespace isthmus::pictures::rate_distortion {
namespace {

class RateDistortionPicture : public ::testing::Test {
 protected:
  std::string run(const std::string& name, double rate, double distortion) {
    std::filesystem::create_directories(folder_ / name);
    std::ofstream(folder_ / name / "evaluation.json") << fmt::format(
        R"({{"metrics": {{"rate_distortion": {{"value": {}, "distortion": {}}}}}}})", rate, distortion);
    return (folder_ / name).string();
  }
  Subject subject(const std::string& run) { return {.model = model_, .data = data_, .run = run}; }

  test::TemporaryFolder folder_;
  models::vae::Model model_{testing::small_config<models::vae::Config>(), testing::small_binary_images(),
                            Noise(1)};
  Data data_ = testing::small_data(testing::draw_images(2).x);
};

TEST_F(RateDistortionPicture, HasAPointForEachRunByRisingRate) {
  const std::string b1 = run("b1", 20, 220);
  const std::string b4 = run("b4", 10, 235);
  const auto points = points_of(subject(b1), b4 + ", " + b1 + "/");
  ASSERT_EQ(points.size(), 2U);
  EXPECT_EQ(points[0].label, "b4");
  EXPECT_EQ(points[1].label, "b1");
}

TEST_F(RateDistortionPicture, IsDrawnForOneRunAndForMany) {
  const std::string b1 = run("b1", 20, 220);
  EXPECT_EQ(why_not(subject(b1)), std::nullopt);
  const io::Image one = draw(subject(b1), {.runs = "", .scale = 1});
  EXPECT_EQ(one.width, 560);
  const io::Image two = draw(subject(b1), {.runs = run("b4", 10, 235), .scale = 1});
  EXPECT_EQ(two.width, 560);
  EXPECT_NE(one.pixels, two.pixels);
}

TEST_F(RateDistortionPicture, SaysWhyNot) {
  testing::TinyAutoencoder plain;
  EXPECT_TRUE(testing::says(why_not({.model = plain, .data = data_}), {"no code whose nats"}));
  EXPECT_TRUE(testing::says(why_not(subject("")), {"folder of a training"}));
  std::filesystem::create_directories(folder_ / "bare");
  EXPECT_TRUE(testing::says(why_not(subject((folder_ / "bare").string())), {"--metrics rate_distortion"}));
  const std::string b1 = run("b1", 20, 220);
  test::expect_error("--metrics rate_distortion",
                     [&] { draw(subject(b1), {.runs = (folder_ / "bare").string()}); });
}

}  // namespace
}  // namespace isthmus::pictures::rate_distortion
