#include "isthmus/core/memory_dataset.hpp"

#include <limits>

#include <gtest/gtest.h>

#include "tests/support/datasets.hpp"
#include "tests/support/errors.hpp"

namespace isthmus {
namespace {

using Contents = MemoryDataset::Contents;

TEST(MemoryDataset, TurnsBytesIntoFractionsOfWhite) {
  for (const int64_t width : {1, 15, 16, 17, 256}) {
    std::vector<uint8_t> bytes(static_cast<size_t>(2 * width));
    for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(7 * i);
    const MemoryDataset set("test", {.shape = {width}, .values = io::make_array(bytes, {2, width})});
    std::vector<float> values(bytes.size());
    set.gather(std::vector<int64_t>{1, 0}, values);
    for (size_t i = 0; i < bytes.size(); ++i) {
      const size_t swapped = (i + static_cast<size_t>(width)) % bytes.size();
      EXPECT_EQ(values[i], static_cast<float>(bytes[swapped]) / 255.F) << width;
    }
  }
}

TEST(MemoryDataset, KeepsFloatsAsTheyAre) {
  const std::vector<float> values{-1.5F, 0, 3, 1e-9F, 0.5F, 7};
  const MemoryDataset set("test", {.shape = {3}, .values = io::make_array(values, {2, 3})});
  EXPECT_EQ(test::values_of(set), values);
  EXPECT_FALSE(set.within_unit());
  EXPECT_FALSE(set.binary());
}

TEST(MemoryDataset, KnowsWhetherItIsBinary) {
  const auto of_bytes = [](std::vector<uint8_t> bytes, int64_t white) {
    return MemoryDataset("test", {.shape = {1},
                                  .values = io::make_array(bytes, {static_cast<int64_t>(bytes.size())}),
                                  .white = white});
  };
  EXPECT_TRUE(of_bytes({0, 255, 0}, 255).binary());
  EXPECT_FALSE(of_bytes({0, 254}, 255).binary());
  EXPECT_TRUE(of_bytes({0, 1, 1}, 1).binary());
  EXPECT_FALSE(of_bytes({0, 2}, 1).within_unit());
  const std::vector<float> floats{0, 1, 1};
  EXPECT_TRUE(MemoryDataset("test", {.shape = {1}, .values = io::make_array(floats, {3})}).binary());
}

TEST(MemoryDataset, RefusesPartsThatDisagree) {
  const auto values = [] { return io::make_array(std::vector<uint8_t>(6), {3, 2}); };
  test::expect_error("expected 3 labels",
                     [&] { MemoryDataset("test", {.shape = {2}, .values = values(), .labels = {0, 1}}); });
  test::expect_error("labels of 0 or more, got -1", [&] {
    MemoryDataset("test", {.shape = {2}, .values = values(), .labels = {0, -1, 0}});
  });
  test::expect_error("labels below 65536: classes, counted from 0, got 1000000", [&] {
    MemoryDataset("test", {.shape = {2}, .values = values(), .labels = {0, 1'000'000, 0}});
  });
  test::expect_error("labels below 2", [&] {
    MemoryDataset("test",
                  {.shape = {2}, .values = values(), .labels = {0, 2, 0}, .class_names = {"cat", "dog"}});
  });
  test::expect_error("whole examples of 4 values",
                     [&] { MemoryDataset("test", {.shape = {4}, .values = values()}); });
  test::expect_error("2 factors for each of 3 examples", [&] {
    MemoryDataset("test",
                  {.shape = {2}, .values = values(), .factors = {{"x", 2}, {"y", 2}}, .factor_values = {0}});
  });
  test::expect_error("expected finite values, got nan", [] {
    const std::vector<float> bad{0, std::numeric_limits<float>::quiet_NaN()};
    MemoryDataset("test", {.shape = {1}, .values = io::make_array(bad, {2})});
  });
  test::expect_error("type u8 or f32, got i64", [] {
    MemoryDataset("test", {.shape = {1}, .values = io::make_array(std::vector<int64_t>{1}, {1})});
  });
}

TEST(MemoryDataset, GivesFactorsByExample) {
  const MemoryDataset set("test", {.shape = {1},
                                   .values = io::make_array(std::vector<uint8_t>(3), {3}),
                                   .factors = {{"x", 3}, {"y", 2}},
                                   .factor_values = {0, 1, 2, 0, 1, 1}});
  EXPECT_EQ(set.factor_values(1), (std::vector<int64_t>{2, 0}));
  EXPECT_EQ(set.factors()[1].values, 2);
}

TEST(Binarised, ThresholdIsOneFromOneHalfOn) {
  const auto grey = test::flat_images(256);
  const auto binary = binarised(*grey, Binarise::threshold, 0);
  EXPECT_TRUE(binary->binary());
  const std::vector<float> values = test::values_of(*binary);
  for (size_t i = 0; i < values.size(); ++i) EXPECT_EQ(values[i], i / 4 >= 128 ? 1 : 0) << i / 4;
  EXPECT_EQ(binary->labels()[5], grey->labels()[5]);
}

TEST(Binarised, StaticDrawsEachPixelWithItsGrey) {
  const auto grey = test::flat_images(5000, 51);  // 0.2
  const std::vector<float> values = test::values_of(*binarised(*grey, Binarise::static_, 0));
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  EXPECT_NEAR(mean, 0.2, 4 * std::sqrt(0.2 * 0.8 / static_cast<double>(values.size())));
  EXPECT_EQ(values, test::values_of(*binarised(*grey, Binarise::static_, 0)));
  EXPECT_NE(values, test::values_of(*binarised(*grey, Binarise::static_, 1)));
}

}  // namespace
}  // namespace isthmus
