#include "isthmus/pictures/reconstructions.hpp"

#include <gtest/gtest.h>

#include "tests/support/more.hpp"
#include "tests/support/tiny_autoencoder.hpp"

namespace isthmus::pictures::reconstructions {
namespace {

TEST(Reconstructions, StandBelowTheirExamples) {
  testing::TinyAutoencoder model;
  const Data data = testing::small_data(at::ones({3, 1, 1, 1}));
  const io::Image image = draw({.model = model, .data = data}, {.count = 3, .columns = 2, .scale = 1});
  // Two rows of two, a wide gap, then the third and an empty place.
  const std::vector<uint8_t> first{255, 255, 255, 255, 255, 255, 128, 255, 128};
  EXPECT_EQ(std::vector<uint8_t>(image.pixels.begin(), image.pixels.begin() + 9), first);
  const std::vector<uint8_t> last{128, 255, 255};
  EXPECT_EQ(std::vector<uint8_t>(image.pixels.end() - 3, image.pixels.end()), last);
  EXPECT_EQ(image.height, 2 + 1 + 5 + 2 + 1);
}

TEST(Reconstructions, SayWhyNot) {
  testing::TinyAutoencoder model;
  const Data data = testing::small_data(at::zeros({2, 5}));
  EXPECT_TRUE(testing::says(why_not({.model = model, .data = data}), {"not images"}));
}

}  // namespace
}  // namespace isthmus::pictures::reconstructions
