#include "isthmus/ops/top_k.hpp"

#include <gtest/gtest.h>

#include "isthmus/core/error.hpp"
#include "isthmus/core/noise.hpp"
#include "isthmus/ops/fused.hpp"

namespace isthmus::ops {
namespace {

TEST(TopK, KeepsTheLargestWhereTheyAre) {
  const Tensor x = at::tensor({3.0F, -1.0F, 7.0F, 5.0F, -9.0F, -2.0F, -3.0F, -1.0F}).view({2, 4});
  EXPECT_TRUE(
      keep_top_k(x, 2).equal(at::tensor({0.0F, 0.0F, 7.0F, 5.0F, 0.0F, -2.0F, 0.0F, -1.0F}).view({2, 4})))
      << "by value, not by size";
}

TEST(TopK, KeepsExactlyK) {
  Noise noise(1);
  const Tensor x = noise.normal({20, 101});
  for (const int64_t k : {1, 2, 25, 100, 101}) {
    const Tensor kept = keep_top_k(x, k);
    EXPECT_TRUE((kept != 0).sum(1).equal(at::full({20}, k, at::kLong)));
    const Tensor least = std::get<0>(x.sort(1, true)).select(1, k - 1).unsqueeze(1);
    EXPECT_TRUE(kept.equal(at::where(x >= least, x, 0)));
  }
}

TEST(TopK, KeepsExactlyKOfEqualNumbers) {
  EXPECT_TRUE((keep_top_k(at::ones({3, 8}), 5) != 0).sum(1).equal(at::full({3}, 5, at::kLong)));
}

TEST(TopK, SendsGradientsThroughTheKeptAlone) {
  Noise noise(1);
  const Tensor x = noise.normal({6, 40}).set_requires_grad(true);
  const Tensor kept = keep_top_k(x, 7);
  const Tensor weights = noise.normal({6, 40});
  (kept * weights).sum().backward();
  EXPECT_TRUE(x.grad().equal(at::where(kept != 0, weights, 0)));
}

TEST(TopK, IsItsReferenceAtEveryShape) {
  Noise noise(2);
  for (const auto& [rows, units] : {std::pair{1, 1}, {3, 17}, {40, 1000}})
    for (const int64_t k : {1, (units + 1) / 2, units}) {
      const Tensor x = noise.normal({rows, units});
      ASSERT_TRUE(eligible(x));
      EXPECT_TRUE(keep_top_k(x, k).equal(reference::keep_top_k(x, k)));
      const Tensor strided = at::stack({x, -x}, 2).select(2, 0);
      EXPECT_TRUE(keep_top_k(strided, k).equal(reference::keep_top_k(x, k)));
      EXPECT_TRUE(keep_top_k(x.to(at::kDouble), k).equal(reference::keep_top_k(x, k).to(at::kDouble)));
    }
}

TEST(TopK, RemembersWhatItKept) {
  const Tensor x = at::tensor({3.0F, 0.0F, -7.0F, 0.0F}).view({1, 4}).set_requires_grad(true);
  const Tensor kept = keep_top_k(x, 2);
  EXPECT_TRUE(places_kept(kept).equal(at::tensor({0, 1}, at::kInt).view({1, 2})));
  EXPECT_FALSE(places_kept(x).defined());
  EXPECT_FALSE(places_kept(kept + 1).defined());
  const at::NoGradGuard no_grad;
  EXPECT_FALSE(places_kept(keep_top_k(x, 2)).defined());
}

TEST(TopK, RefusesAKThatIsNotThere) {
  EXPECT_THROW(keep_top_k(at::ones({2, 3}), 4), Error);
  EXPECT_THROW(keep_top_k(at::ones({2, 3}), 0), Error);
  EXPECT_THROW(keep_top_k(at::ones({3}), 1), Error);
}

}  // namespace
}  // namespace isthmus::ops
