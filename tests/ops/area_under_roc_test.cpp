#include "isthmus/ops/area_under_roc.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "isthmus/core/noise.hpp"

#include "tests/support/errors.hpp"

namespace isthmus::ops {
namespace {

std::vector<double> numbers(const Tensor& t) {
  const Tensor each = t.to(at::kDouble).contiguous();
  return {each.const_data_ptr<double>(), each.const_data_ptr<double>() + each.numel()};
}

TEST(AreaUnderRoc, IsTheShareOfPairsInOrder) {
  // By hand: of the 12 pairs 7 are in order and 2 tied.
  const std::vector<double> negatives{1, 2, 3, 5};
  const std::vector<double> positives{2, 4, 5};
  const auto area = area_under_roc(negatives, positives);
  EXPECT_DOUBLE_EQ(area.value, 8.0 / 12);
  EXPECT_NEAR(area_under_roc(positives, negatives).value, 4.0 / 12, 1e-15) << "turned round";
}

TEST(AreaUnderRoc, CountsEveryPairOfManyNumbersWithTies) {
  const std::vector<double> negatives = numbers(at::floor(5 * Noise(1).normal({211})));
  const std::vector<double> positives = numbers(at::floor(5 * Noise(2).normal({97}) + 2));
  std::vector<double> of_positive(positives.size());
  std::vector<double> of_negative(negatives.size());
  for (size_t i = 0; i < positives.size(); ++i)
    for (size_t j = 0; j < negatives.size(); ++j) {
      const double pair = positives[i] > negatives[j] ? 1 : positives[i] == negatives[j] ? 0.5 : 0;
      of_positive[i] += pair / static_cast<double>(negatives.size());
      of_negative[j] += pair / static_cast<double>(positives.size());
    }
  const auto moments = [](const std::vector<double>& all) {
    double mean = 0;
    for (const double each : all) mean += each / static_cast<double>(all.size());
    double squares = 0;
    for (const double each : all) squares += (each - mean) * (each - mean);
    return std::pair(mean, squares / static_cast<double>(all.size() - 1) / static_cast<double>(all.size()));
  };
  const auto [mean, variance] = moments(of_positive);
  const auto area = area_under_roc(negatives, positives);
  EXPECT_NEAR(area.value, mean, 1e-12);
  EXPECT_NEAR(area.standard_error.value(), std::sqrt(variance + moments(of_negative).second), 1e-12);
}

TEST(AreaUnderRoc, IsOneWhereAllAreInOrderAndOneHalfWhereAllAreEqual) {
  EXPECT_EQ(area_under_roc(std::vector<double>{1, 2}, std::vector<double>{3, 4, 5}).value, 1);
  EXPECT_EQ(area_under_roc(std::vector<double>{3, 4}, std::vector<double>{1, 2}).value, 0);
  const auto equal = area_under_roc(std::vector<double>{7, 7}, std::vector<double>{7, 7, 7});
  EXPECT_EQ(equal.value, 0.5);
  EXPECT_EQ(equal.standard_error, 0);
  constexpr double infinite = std::numeric_limits<double>::infinity();
  EXPECT_EQ(area_under_roc(std::vector<double>{1, infinite}, std::vector<double>{infinite}).value, 0.75);
}

// Two normals a distance of 1 apart: the area is Φ(1/√2) = .76025. 95 % intervals; fewer than 85 or all of
// 100 in range would be odd.
TEST(AreaUnderRoc, TheStandardErrorCoversTheTruth) {
  constexpr double truth = 0.76025;
  int covered = 0;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    const auto area =
        area_under_roc(numbers(Noise(2 * seed).normal({60})), numbers(1 + Noise(2 * seed + 1).normal({40})));
    covered += std::abs(area.value - truth) < 1.96 * area.standard_error.value();
  }
  EXPECT_GE(covered, 85);
  EXPECT_LE(covered, 99);
}

TEST(AreaUnderRoc, SaysWhatItCannotDo) {
  EXPECT_FALSE(area_under_roc(std::vector<double>{1}, std::vector<double>{2, 3}).standard_error);
  test::expect_error("got none on one", [] { area_under_roc({}, std::vector<double>{1}); });
  test::expect_error("got a nan",
                     [] { area_under_roc(std::vector<double>{1}, std::vector<double>{std::nan("")}); });
}

}  // namespace
}  // namespace isthmus::ops
