#include "isthmus/kernels/tile_product.hpp"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "isthmus/core/error.hpp"

#include "tests/kernels/matrices.hpp"
#include "tests/kernels/targets.hpp"

namespace isthmus::kernels {
namespace {

// Whole tiles and parts of them; more than one block of the depth, and of the factor that is shared.
constexpr Sizes sizes[] = {{1, 1, 1},     {16, 32, 16}, {17, 33, 18},     {3, 50, 100},     {100, 70, 47},
                           {40, 1100, 9}, {65, 31, 33}, {730, 1030, 740}, {740, 1030, 730}, {1000, 200, 90}};

class TileProduct : public testing::Test {
 protected:
  void SetUp() override {
    if (!has_tiles()) GTEST_SKIP() << "this processor has no tile registers";
  }
};

TEST_F(TileProduct, IsTheSumOfProductsInAnyLayout) {
  for (const auto& [m, k, n] : sizes)
    for (const bool left_by_columns : {false, true})
      for (const bool right_by_columns : {false, true})
        for (const AddTo to : {AddTo::nothing, AddTo::bias, AddTo::out}) {
          const Matrix<Bfloat16> a(m, k, left_by_columns, 2, 1);
          const Matrix<Bfloat16> b(k, n, right_by_columns, 1, 2);
          std::vector<float> bias(to == AddTo::bias ? static_cast<size_t>(n) : 0);
          for (size_t i = 0; i < bias.size(); ++i) bias[i] = static_cast<float>(i);
          Out out(m, n);
          tile_product(out.rows, a.factor, b.factor, to, bias);
          const double most = 1e-4 * std::sqrt(static_cast<double>(k)) + 1e-4;
          const int64_t step = m * n * k > 10'000'000 ? 13 : 1;  // of a large one, some numbers
          for (int64_t i = 0; i < m; i += step)
            for (int64_t j = i % step; j < n; j += step) {
              double sum = to == AddTo::out ? 0.5 : to == AddTo::bias ? static_cast<double>(j) : 0;
              for (int64_t d = 0; d < k; ++d) sum += a.at(i, d) * b.at(d, j);
              ASSERT_NEAR(static_cast<double>(out.at(i, j)), sum, most) << m << " " << k << " " << n;
            }
          for (int64_t i = 0; i < m + 16; ++i)
            for (int64_t j = i < m ? n : 0; j < n + 3; ++j)
              ASSERT_EQ(out.at(i, j), 0.5f) << "beyond the edge";
        }
}

TEST_F(TileProduct, HasTheSameBitsOnAnyNumberOfThreads) {
  for (const auto& [m, k, n] : sizes) {
    for (const bool by_columns : {false, true}) {
      const Matrix<Bfloat16> a(m, k, by_columns, 0, 1);
      const Matrix<Bfloat16> b(k, n, !by_columns, 0, 2);
      Out one(m, n);
      Out three(m, n);
      with_threads(1, [&] { tile_product(one.rows, a.factor, b.factor, AddTo::out); });
      with_threads(3, [&] { tile_product(three.rows, a.factor, b.factor, AddTo::out); });
      EXPECT_EQ(one.numbers, three.numbers);
    }
  }
}

TEST_F(TileProduct, OfNoDepthIsWhatItIsAddedTo) {
  const Matrix<Bfloat16> a(5, 1, false, 0, 1);
  const Matrix<Bfloat16> b(1, 7, false, 0, 2);
  const Factor<Bfloat16> left{a.numbers.data(), 5, 0, 1};
  const Factor<Bfloat16> right{b.numbers.data(), 0, 7, 7};
  Out out(5, 7);
  tile_product(out.rows, left, right, AddTo::out);
  EXPECT_EQ(out.at(4, 6), 0.5f);
  tile_product(out.rows, left, right, AddTo::bias, std::vector<float>{0, 1, 2, 3, 4, 5, 6});
  EXPECT_EQ(out.at(4, 6), 6);
  tile_product(out.rows, left, right);
  EXPECT_EQ(out.at(4, 6), 0);
}

TEST_F(TileProduct, RefusesShapesThatDoNotAgree) {
  const Matrix<Bfloat16> a(5, 4, false, 0, 1);
  const Matrix<Bfloat16> b(4, 7, false, 0, 2);
  Out out(5, 7);
  Out other(5, 6);
  EXPECT_THROW(tile_product(out.rows, a.factor, a.factor), Error);
  EXPECT_THROW(tile_product(other.rows, a.factor, b.factor), Error);
  EXPECT_THROW(tile_product(out.rows, a.factor, b.factor, AddTo::bias, std::vector<float>(6)), Error);
}

TEST(TileProductElsewhere, IsRefused) {
  if (has_tiles()) GTEST_SKIP() << "this processor has tile registers";
  const Matrix<Bfloat16> a(5, 4, false, 0, 1);
  const Matrix<Bfloat16> b(4, 7, false, 0, 2);
  Out out(5, 7);
  EXPECT_THROW(tile_product(out.rows, a.factor, b.factor), Error);
}

}  // namespace
}  // namespace isthmus::kernels
