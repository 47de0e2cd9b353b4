#include "isthmus/kernels/float_product.hpp"

#include <vector>

#include <gtest/gtest.h>

#include "tests/kernels/product_checks.hpp"
#include "tests/kernels/targets.hpp"

namespace isthmus::kernels {
namespace {

// Whole tiles and parts of them; dots and tiles; more than one run of sums, and more than one panel's depth.
constexpr Sizes sizes[] = {{1, 1, 1},     {8, 64, 48},   {9, 65, 49},     {3, 50, 100},   {100, 70, 47},
                           {40, 1100, 9}, {65, 31, 33},  {130, 300, 70},  {20, 200, 790}, {7, 3, 2},
                           {150, 7, 20},  {49, 530, 51}, {260, 2050, 19}, {64, 784, 200}, {5, 9000, 6}};

TEST(FloatProduct, IsTheSumOfProductsInAnyLayout) {
  on_every_target([] { expect_sums_in_any_layout<float>(float_product, sizes, 3e-6); });
  with_threads(3, [] { expect_sums_in_any_layout<float>(float_product, sizes, 3e-6); });
}

TEST(FloatProduct, HasTheSameBitsOnAnyNumberOfThreads) {
  expect_same_bits_on_any_threads<float>(float_product, sizes);
}

TEST(FloatProduct, OfNoDepthIsWhatItIsAddedTo) {
  on_every_target([] { expect_nothing_of_no_depth<float>(float_product); });
}

TEST(FloatProduct, RefusesShapesThatDoNotAgree) {
  expect_refusals<float>(float_product);
}

TEST(FloatProduct, LongSumsKeepTheirDigits) {
  // One float32 sum of 100,000 times 1 + 1/1024 would round what it adds last to 1, and be some 40 too small.
  const int64_t depth = 100'000;
  const std::vector<float> ones(static_cast<size_t>(depth), 1.0f);
  const std::vector<float> numbers(static_cast<size_t>(depth), 1.0f + 1.0f / 1024);
  on_every_target([&] {
    for (const bool dots : {false, true}) {
      Out out(1, 1);
      float_product(out.rows, {ones.data(), 1, depth, dots ? depth : 1, !dots},
                    {numbers.data(), depth, 1, dots ? depth : 1, dots});
      EXPECT_NEAR(out.at(0, 0), 100'000 * (1 + 1.0 / 1024), 0.5);
    }
  });
}

}  // namespace
}  // namespace isthmus::kernels
