#include "isthmus/kernels/sparse.hpp"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "isthmus/core/error.hpp"

#include "tests/kernels/numbers.hpp"
#include "tests/kernels/targets.hpp"

namespace isthmus::kernels {
namespace {

/// A matrix of which every `every`-th number, on the whole, is not 0; one row is empty and one column too.
std::vector<float> sparse(int64_t rows, int64_t columns, int64_t every) {
  std::vector<float> out = normal(rows, columns, 1);
  for (int64_t i = 0; i < rows * columns; ++i)
    if (i * 7 % every != 0 || i / columns == rows / 2 || i % columns == columns / 2)
      out[static_cast<size_t>(i)] = 0;
  return out;
}

struct Sizes {
  int64_t m, k, n;
};
constexpr Sizes sizes[] = {{1, 1, 1}, {3, 5, 2}, {20, 33, 17}, {100, 90, 784}};

TEST(SparseRows, HoldWhatIsNotNoughtAndTurnAround) {
  on_every_target([] {
    const std::vector<float> dense{0, 2, 0, 0, 0, 0, 1, 0, -3};
    const SparseRows rows = SparseRows::of(dense, 3, 3, 9);
    EXPECT_EQ(rows.starts, (std::vector<int32_t>{0, 1, 1, 3}));
    EXPECT_EQ(rows.places, (std::vector<int32_t>{1, 0, 2}));
    EXPECT_EQ(rows.values, (std::vector<float>{2, 1, -3}));
    const SparseRows turned = rows.transposed();
    EXPECT_EQ(turned.starts, (std::vector<int32_t>{0, 1, 2, 3}));
    EXPECT_EQ(turned.places, (std::vector<int32_t>{2, 0, 2}));
    EXPECT_EQ(turned.values, (std::vector<float>{1, 2, -3}));
    EXPECT_EQ(SparseRows::of(dense, 3, 3, 2).rows(), 0) << "more than 2";
    EXPECT_EQ(SparseRows::of(dense, 3, 3, 3).rows(), 3);
  });
}

TEST(SparseRows, OfEveryLength) {
  on_every_target([] {
    for (int64_t columns = 1; columns < 70; ++columns) {
      const std::vector<float> dense = sparse(3, columns, 2);
      const SparseRows rows = SparseRows::of(dense, 3, columns, 3 * columns);
      std::vector<float> back(dense.size());
      for (size_t r = 0; r < 3; ++r)
        for (auto i = static_cast<size_t>(rows.starts[r]); i < static_cast<size_t>(rows.starts[r + 1]); ++i)
          back[r * static_cast<size_t>(columns) + static_cast<size_t>(rows.places[i])] = rows.values[i];
      EXPECT_EQ(back, dense) << columns;
    }
  });
}

TEST(SparseProduct, IsTheProductOnEveryTargetAndAnyThreads) {
  on_every_target([] {
    for (const auto [m, k, n] : sizes) {
      const int64_t stride = n + 3;
      const auto a = sparse(m, k, 3);
      const auto b = normal(k, stride, 2);
      auto truth = normal(m, stride, 3);
      const auto before = truth;
      for (int64_t i = 0; i < m; ++i)
        for (int64_t j = 0; j < n; ++j) {
          double sum = truth[static_cast<size_t>(i * stride + j)];
          for (int64_t l = 0; l < k; ++l)
            sum += static_cast<double>(a[static_cast<size_t>(i * k + l)]) *
                   b[static_cast<size_t>(l * stride + j)];
          truth[static_cast<size_t>(i * stride + j)] = static_cast<float>(sum);
        }
      std::vector<float> first;
      for (const int threads : {1, 3}) {
        auto out = before;
        with_threads(threads, [&] {
          add_product({out.data(), m, n, stride}, SparseRows::of(a, m, k, m * k), {b.data(), k, n, stride});
        });
        for (size_t i = 0; i < out.size(); ++i)
          EXPECT_NEAR(out[i], truth[i], 2e-5 * (1 + std::abs(truth[i])));
        if (first.empty()) first = out;
        EXPECT_EQ(out, first);
      }
    }
  });
}

TEST(SparseProduct, AtItsPlaces) {
  on_every_target([] {
    for (const auto [m, k, n] : sizes) {
      const auto places = SparseRows::of(sparse(m, k, 3), m, k, m * k);
      const auto a = normal(m, n, 4);
      const auto b = normal(k, n, 5);
      const auto out = product_at(places, {a.data(), m, n, n}, {b.data(), k, n, n});
      ASSERT_EQ(static_cast<int64_t>(out.size()), places.count());
      for (size_t r = 0; r < static_cast<size_t>(m); ++r)
        for (auto i = static_cast<size_t>(places.starts[r]); i < static_cast<size_t>(places.starts[r + 1]);
             ++i) {
          double sum = 0;
          for (size_t j = 0; j < static_cast<size_t>(n); ++j)
            sum += static_cast<double>(a[r * static_cast<size_t>(n) + j]) *
                   b[static_cast<size_t>(places.places[i]) * static_cast<size_t>(n) + j];
          EXPECT_NEAR(out[i], sum, 2e-5 * (1 + std::sqrt(static_cast<double>(n))));
        }
    }
  });
}

TEST(SparseProduct, RefusesShapesThatDisagree) {
  std::vector<float> four(4);
  const SparseRows rows = SparseRows::of(four, 2, 2, 4);
  EXPECT_THROW(SparseRows::of(four, 3, 2, 4), Error);
  EXPECT_THROW(add_product({four.data(), 1, 2, 2}, rows, {four.data(), 2, 2, 2}), Error);
  EXPECT_THROW(add_product({four.data(), 2, 2, 2}, rows, {four.data(), 1, 2, 2}), Error);
  EXPECT_THROW(add_product({four.data(), 2, 1, 2}, rows, {four.data(), 2, 2, 2}), Error);
  EXPECT_THROW(product_at(rows, {four.data(), 1, 2, 2}, {four.data(), 2, 2, 2}), Error);
  EXPECT_THROW(product_at(rows, {four.data(), 2, 2, 2}, {four.data(), 2, 1, 2}), Error);
}

}  // namespace
}  // namespace isthmus::kernels
