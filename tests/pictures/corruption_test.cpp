#include "isthmus/pictures/corruption.hpp"

#include <gtest/gtest.h>

#include "tests/support/more.hpp"
#include "tests/support/tiny_autoencoder.hpp"

namespace isthmus::pictures::corruption {
namespace {

TEST(Corruption, ShowsCleanDamagedAndRecovered) {
  testing::TinyAutoencoder model;
  const Data data = testing::small_data(at::ones({3, 1, 1, 1}));
  const Config config{.damage = {.corruption = {.level = 1}}, .count = 3, .columns = 2, .scale = 1};
  const io::Image image = draw({.model = model, .data = data}, config);
  // White, black, and half of black; then the third and an empty place.
  const std::vector<uint8_t> first{255, 255, 255, 255, 255, 255, 0, 255, 0, 255, 255, 255, 0, 255, 0};
  EXPECT_EQ(std::vector<uint8_t>(image.pixels.begin(), image.pixels.begin() + 15), first);
  EXPECT_EQ(std::vector<uint8_t>(image.pixels.end() - 3, image.pixels.end()),
            (std::vector<uint8_t>{0, 255, 255}));
  EXPECT_EQ(image.height, 2 * (3 + 2) + 5);
}

TEST(Corruption, IsTheModelsOwnAndClamped) {
  testing::TinyDenoiser model;  // x + 1, which half of is .75
  const Data data = testing::small_data(at::full({1, 1, 1, 1}, 0.5));
  const io::Image image = draw({.model = model, .data = data}, {.count = 1, .columns = 1, .scale = 1});
  EXPECT_EQ(image.pixels, (std::vector<uint8_t>{128, 255, 255, 255, 191}));
}

TEST(Corruption, IsTheDamageThatRecoveryMeasures) {
  testing::TinyAutoencoder model;
  const Data data = testing::tiny_images(2);
  const Subject subject{.model = model, .data = data, .seed = 4};
  const Batch batch = first_examples(subject, 2);
  const auto copies = canvas::to_images(nn::damaged(model, {}, batch.x, 4, 0));
  const io::Image image = draw(subject, {.count = 2, .columns = 2, .scale = 1});
  // Rows of 2 · 4 pixels and a gap; the damaged ones begin below two rows and a gap.
  const auto at = image.pixels.begin() + 3 * image.width;
  EXPECT_EQ(std::vector<uint8_t>(at, at + 4),
            std::vector<uint8_t>(copies[0].pixels.begin(), copies[0].pixels.begin() + 4));
}

TEST(Corruption, SaysWhyNot) {
  testing::TinyAutoencoder model;
  const Data data = testing::small_data(at::zeros({2, 5}));
  EXPECT_TRUE(testing::says(why_not({.model = model, .data = data}), {"not images"}));
}

}  // namespace
}  // namespace isthmus::pictures::corruption
