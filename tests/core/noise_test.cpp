#include "isthmus/core/noise.hpp"

#include <functional>
#include <set>

#include <gtest/gtest.h>

#include "tests/support/errors.hpp"

namespace isthmus {
namespace {

/// Every way to draw floats, in the shape given.
const std::vector<std::function<Tensor(Noise&, at::IntArrayRef)>> draws = {
    [](Noise& noise, at::IntArrayRef shape) { return noise.normal(shape); },
    [](Noise& noise, at::IntArrayRef shape) { return noise.uniform(shape); },
    [](Noise& noise, at::IntArrayRef shape) { return noise.gumbel(shape); },
    [](Noise& noise, at::IntArrayRef shape) { return noise.bernoulli(at::full(shape, 0.5F)); },
};

TEST(Noise, ACopyDrawsTheSameNumbers) {
  Noise noise(1);
  noise.normal({3});
  Noise copy = noise;
  for (const auto& draw : draws) EXPECT_TRUE(draw(noise, {4, 5}).equal(draw(copy, {4, 5})));
  EXPECT_EQ(noise.permutation(50), copy.permutation(50));
}

TEST(Noise, SeedsPurposesStepsAndDrawsNeverMeet) {
  std::set<float> first;
  size_t streams = 0;
  for (const uint64_t seed : {1, 2})
    for (const Purpose purpose :
         {Purpose::training, Purpose::initialisation, Purpose::shuffle, Purpose::binarise, Purpose::corrupt,
          Purpose::split, Purpose::evaluation, Purpose::picture})
      for (const int64_t step : {0, 1, 1000}) {
        Noise noise(seed, purpose, step);
        for (int draw = 0; draw < 3; ++draw, ++streams) first.insert(noise.normal({1}).item<float>());
      }
  EXPECT_EQ(first.size(), streams);
}

// So a process that holds some rows of a batch draws what one process would draw for them.
TEST(Noise, ARowDrawsTheSameWhereverTheBatchIsCut) {
  for (const auto& draw : draws) {
    Noise whole(1, Purpose::training, 7);
    Noise rest(1, Purpose::training, 7, 2);
    EXPECT_TRUE(draw(whole, {5, 3, 2}).narrow(0, 2, 3).equal(draw(rest, {3, 3, 2})));
  }
}

TEST(Noise, EveryDrawTakesOneStreamWhateverItsShape) {
  for (const auto& draw : draws) {
    Noise scalar(1), nothing(1), large(1);
    EXPECT_EQ(draw(scalar, {}).dim(), 0);
    EXPECT_EQ(draw(nothing, {0, 4}).numel(), 0);
    draw(large, {300, 70});
    const Tensor next = scalar.normal({6});
    EXPECT_TRUE(next.equal(nothing.normal({6})));
    EXPECT_TRUE(next.equal(large.normal({6})));
  }
}

TEST(Noise, BernoulliInPlaceIsBernoulli) {
  Noise noise(1), same(1);
  const Tensor probabilities = Noise(2).uniform({6, 7});
  const Tensor drawn = noise.bernoulli(probabilities.t()).t();
  const Tensor in_place = probabilities.t().contiguous();
  same.bernoulli_(in_place);
  EXPECT_TRUE(in_place.t().equal(drawn));
  test::expect_error("contiguous float32", [&] { noise.bernoulli_(probabilities.t()); });
  test::expect_error("contiguous float32", [&] { noise.bernoulli_(at::zeros({1, 3}).expand({2, 3})); });
  test::expect_error("contiguous float32", [&] { noise.bernoulli_(at::zeros({3}, at::kDouble)); });
}

TEST(Noise, StopsBeforeItDrawsAnotherPurposesNumbers) {
  Noise noise(1);
  for (int draw = 0; draw < 1 << 20; ++draw) noise.normal({0});
  test::expect_error("a Noise for each step", [&] { noise.normal({1}); });
}

}  // namespace
}  // namespace isthmus
