#include "isthmus/kernels/bfloat16_product.hpp"

#include <algorithm>
#include <span>

#include <gtest/gtest.h>

#include "isthmus/core/error.hpp"

#include "tests/kernels/product_checks.hpp"
#include "tests/kernels/targets.hpp"

namespace isthmus::kernels {
namespace {

// Whole tiles and parts of them; more than one block of the depth, and of the factor that is shared.
constexpr Sizes sizes[] = {{1, 1, 1},     {16, 32, 16}, {17, 33, 18},     {3, 50, 100},     {100, 70, 47},
                           {40, 1100, 9}, {65, 31, 33}, {730, 1030, 740}, {740, 1030, 730}, {1000, 200, 90}};

/// Calls body(product) for each way of this processor.
template <class Body>
void by_every_way(const Body& body) {
  for (const Bfloat16Way way : bfloat16_ways()) {
    SCOPED_TRACE(way == Bfloat16Way::tiles ? "tiles" : "pairs");
    body([way](const Rows& out, const Factor<Bfloat16>& a, const Factor<Bfloat16>& b, AddTo to,
               std::span<const float> bias) { bfloat16_product(way, out, a, b, to, bias); });
  }
}

class Bfloat16Product : public testing::Test {
 protected:
  void SetUp() override {
    if (bfloat16_ways().empty()) GTEST_SKIP() << "this processor does not multiply bfloat16 numbers";
  }
};

TEST_F(Bfloat16Product, IsTheSumOfProductsInAnyLayout) {
  by_every_way([](auto product) { expect_sums_in_any_layout<Bfloat16>(product, sizes, 2e-5); });
  with_threads(3, [] {
    by_every_way([](auto product) { expect_sums_in_any_layout<Bfloat16>(product, sizes, 2e-5); });
  });
}

TEST_F(Bfloat16Product, HasTheSameBitsOnAnyNumberOfThreads) {
  by_every_way([](auto product) { expect_same_bits_on_any_threads<Bfloat16>(product, sizes); });
}

TEST_F(Bfloat16Product, OfNoDepthIsWhatItIsAddedTo) {
  by_every_way([](auto product) { expect_nothing_of_no_depth<Bfloat16>(product); });
}

TEST_F(Bfloat16Product, RefusesShapesThatDoNotAgree) {
  by_every_way([](auto product) { expect_refusals<Bfloat16>(product); });
}

TEST(Bfloat16ProductElsewhere, IsRefused) {
  const Matrix<Bfloat16> a(5, 4, false, 0, 1);
  const Matrix<Bfloat16> b(4, 7, false, 0, 2);
  for (const Bfloat16Way way : {Bfloat16Way::tiles, Bfloat16Way::pairs}) {
    Out out(5, 7);
    const bool has = std::ranges::count(bfloat16_ways(), way) > 0;
    if (has)
      bfloat16_product(way, out.rows, a.factor, b.factor);
    else
      EXPECT_THROW(bfloat16_product(way, out.rows, a.factor, b.factor), Error);
    EXPECT_EQ(out.at(0, 0) != 0.5, has);
  }
}

}  // namespace
}  // namespace isthmus::kernels
