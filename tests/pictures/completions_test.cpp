#include "isthmus/pictures/completions.hpp"

#include <gtest/gtest.h>

#include "tests/support/linear_gaussian.hpp"
#include "tests/support/more.hpp"
#include "tests/support/tiny_autoencoder.hpp"

namespace isthmus::pictures::completions {
namespace {

TEST(Completions, ShowWhatIsGivenTheDrawsAndTheExample) {
  testing::TinyConditional model(0);
  const Data data = testing::small_data(at::ones({2, 1, 2, 4}));
  const io::Image image = draw({.model = model, .data = data}, {.count = 2, .draws = 3, .scale = 2});
  const int64_t cell = 2 * 4;
  ASSERT_GE(image.width, 5 * cell);
  ASSERT_EQ(image.channels, 1);
  const auto grey = [&](int64_t column) { return int{image.pixels.at(static_cast<size_t>(column))}; };
  EXPECT_EQ(grey(0), 255) << "given";
  EXPECT_EQ(grey(cell - 1), 128) << "not given";
  EXPECT_EQ(grey(image.width / 2 + cell / 2 - 1), 191) << "drawn";
  EXPECT_EQ(grey(image.width - 1), 255) << "the example itself";
}

TEST(Completions, SayWhyNot) {
  testing::Half half;
  testing::TinyConditional by_class(3);
  testing::TinyConditional by_part(0);
  const Data images = testing::tiny_images(1);
  const Data numbers = testing::small_data(at::zeros({2, 5}));
  EXPECT_TRUE(testing::says(why_not({.model = half, .data = images}), {"not given", "samples"}));
  EXPECT_TRUE(testing::says(why_not({.model = by_class, .data = images}), {"not given"}));
  EXPECT_TRUE(testing::says(why_not({.model = by_part, .data = numbers}), {"not images"}));
  EXPECT_EQ(why_not({.model = by_part, .data = images}), std::nullopt);
}

}  // namespace
}  // namespace isthmus::pictures::completions
