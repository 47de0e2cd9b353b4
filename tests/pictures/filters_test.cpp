#include "isthmus/pictures/filters.hpp"

#include <cmath>
#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/errors.hpp"
#include "tests/support/linear_gaussian.hpp"
#include "tests/support/more.hpp"
#include "tests/support/tiny_autoencoder.hpp"

namespace isthmus::pictures::filters {
namespace {

using testing::TinyFilters;

/// The grey of the tile at each place of a picture of one row, of tiles of one pixel with a gap of two.
std::vector<int> tiles(const io::Image& image) {
  std::vector<int> greys;
  for (int64_t x = 0; x < image.width; x += 3) greys.push_back(image.pixels[static_cast<size_t>(x)]);
  return greys;
}

TEST(Filters, ZeroIsMidGreyAndEachUnitHasItsOwnScale) {
  const Tensor weights = at::tensor({0.0, 2.0, -1.0,     //
                                     -0.01, 0.0, 0.005,  //
                                     0.0, 0.0, 0.0})
                             .view({3, 1, 1, 3});
  const Tensor scaled = symmetric(weights);
  EXPECT_TRUE(scaled.flatten().allclose(at::tensor({0.5, 1.0, 0.25, 0.0, 0.5, 0.75, 0.5, 0.5, 0.5})));
}

TEST(Filters, AreSortedByUseWhateverItsSign) {
  // One pixel each, of weight 1, 0 or −1; the third unit is dead.
  const Tensor weights = at::tensor({1.0, 0.0, -1.0, 0.0}).view({4, 1, 1, 1});
  TinyFilters model(weights, at::tensor({0.5, -3.0, 0.0, 1.0}));
  const Data data = testing::tiny_images(9);
  const Subject subject{.model = model, .data = data};
  EXPECT_EQ(tiles(draw(subject, {.scale = 1})), (std::vector<int>{128, 128, 255, 0}));
  EXPECT_EQ(tiles(draw(subject, {.count = 3, .scale = 1})), (std::vector<int>{128, 128, 255}));
  EXPECT_EQ(tiles(draw(subject, {.scale = 1, .sort = false})), (std::vector<int>{255, 128, 0, 128}));
}

TEST(Filters, UseIsTheMeanSizeOfTheResponse) {
  TinyFilters model(at::ones({2, 1, 1, 1}), at::tensor({2.0, -1.0}));
  const Data data = testing::small_data(at::tensor({1.0, -2.0, 6.0}).view({3, 1, 1, 1}));
  const Subject subject{.model = model, .data = data};
  EXPECT_TRUE(use(subject, 0).allclose(at::tensor({6.0, 3.0}, at::kDouble)));
  EXPECT_TRUE(use(subject, 2).allclose(at::tensor({3.0, 1.5}, at::kDouble)));
}

TEST(Filters, OfThreeChannelsAreColoured) {
  TinyFilters model(at::tensor({1.0, 0.0, -0.5}).view({1, 3, 1, 1}), at::ones({1}));
  const Data data = testing::tiny_images(2);
  const io::Image image = draw({.model = model, .data = data}, {.scale = 1});
  EXPECT_EQ(image, (io::Image{1, 1, 3, {255, 128, 64}}));
}

TEST(Filters, OfOtherChannelsAreATileAChannel) {
  TinyFilters model(at::tensor({1.0, 0.0, 0.5, -1.0}).view({2, 2, 1, 1}), at::tensor({1.0, 2.0}));
  const Data data = testing::tiny_images(2);
  const io::Image image = draw({.model = model, .data = data}, {.columns = 4, .scale = 1});
  EXPECT_EQ(image.channels, 1);
  EXPECT_EQ(tiles(image), (std::vector<int>{191, 0, 255, 128}));
}

TEST(Filters, NeedAResponseEach) {
  TinyFilters model(at::ones({3, 1, 1, 1}), at::ones({2}));
  const Data data = testing::tiny_images(2);
  test::expect_error("one response of each of the 3 units, got 2",
                     [&] { draw({.model = model, .data = data}, {}); });
}

/// Each unit of the code is a pixel of the first row, so its atom is that pixel alone.
TEST(Filters, OfTheDecoderAreTheAtomsByTheUseOfTheCode) {
  TinyFilters model(at::ones({2, 1, 1, 1}), at::ones({2}));
  const Tensor x = at::zeros({3, 1, 2, 4});
  x.select(3, 0).fill_(0.1);
  x.select(3, 1).fill_(-0.3);  // by its size
  x.select(3, 2).fill_(0.2);
  const Data data = testing::small_data(x);
  const Subject subject{.model = model, .data = data};
  EXPECT_TRUE(use(subject, 0, Side::decoder).allclose(at::tensor({0.1, 0.3, 0.2}, at::kDouble)));
  const auto places = [&](const Config& config) {
    const Tensor weights = drawn(subject, config).flatten(1);
    EXPECT_TRUE(weights.sum(1).equal(at::ones({weights.size(0)}))) << "what a bias adds is no atom's";
    const Tensor where = weights.argmax(1);
    return std::vector<int64_t>(where.const_data_ptr<int64_t>(),
                                where.const_data_ptr<int64_t>() + where.numel());
  };
  EXPECT_EQ(places({.side = Side::decoder}), (std::vector<int64_t>{1, 2, 0}));
  EXPECT_EQ(places({.side = Side::decoder, .count = 2}), (std::vector<int64_t>{1, 2}));
  EXPECT_EQ(places({.side = Side::decoder, .sort = false}), (std::vector<int64_t>{0, 1, 2}));
  const io::Image image = draw(subject, {.side = Side::decoder, .count = 1, .scale = 1});
  EXPECT_EQ(image, (io::Image{2, 4, 1, {128, 255, 128, 128, 128, 128, 128, 128}}));
}

TEST(Filters, OfADecoderThatSquashesAreADifferenceInPixels) {
  struct Squashed final : testing::TinyAutoencoder {
    Tensor decode(const Tensor& code) override { return at::sigmoid(TinyAutoencoder::decode(code)); }
  } model;
  const Data data = testing::tiny_images(2);
  const Tensor expected = at::zeros({2, 1, 2, 4});
  for (const int64_t unit : {0, 1}) expected[unit][0][0][1 - unit] = 1 / (1 + std::exp(-1.0)) - 0.5;
  EXPECT_TRUE(atoms({.model = model, .data = data}, at::tensor({1, 0}, at::kLong)).allclose(expected));
}

TEST(Filters, OfTheDecoderNeedOne) {
  struct Blind final : Model, isthmus::Filters {
    Loss loss(const Batch& batch, Step&) override { return {.terms = {{"loss", batch.x.sum()}}}; }
    Tensor reconstruct(const Batch& batch, Noise&) override { return batch.x; }
    Tensor filters() override { return at::ones({1, 1, 1, 1}); }
    Tensor responses(const Tensor& x) override { return at::ones({x.size(0), 1}); }
  } model;
  const Data data = testing::tiny_images(2);
  const Subject subject{.model = model, .data = data};
  EXPECT_EQ(why_not(subject), std::nullopt);
  EXPECT_EQ(draw(subject, {.scale = 1}).width, 1);
  test::expect_error(
      "a model that encodes and decodes, whose decoder has atoms, got one that does not; try --filters.side "
      "encoder",
      [&] { draw(subject, {.side = Side::decoder}); });
}

TEST(Filters, SayWhyNot) {
  testing::TinyAutoencoder plain;
  TinyFilters model(at::ones({2, 1, 1, 1}), at::ones({2}));
  const Data images = testing::tiny_images(2);
  const Data two_channels = testing::small_data(at::zeros({2, 2, 4, 4}));
  const Data series = testing::small_data(at::zeros({2, 5}));
  EXPECT_EQ(why_not({.model = model, .data = images}), std::nullopt);
  EXPECT_EQ(why_not({.model = model, .data = two_channels}), std::nullopt);
  EXPECT_TRUE(
      testing::says(why_not({.model = plain, .data = images}), {"reconstructions and interpolation"}));
  EXPECT_TRUE(testing::says(why_not({.model = model, .data = series}), {"not images"}));
  EXPECT_TRUE(testing::says(why_not({.model = model, .data = images, .split = Split::validation}),
                            {"holds no examples"}));
}

}  // namespace
}  // namespace isthmus::pictures::filters
