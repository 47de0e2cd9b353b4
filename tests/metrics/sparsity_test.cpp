#include "isthmus/metrics/sparsity.hpp"

#include <gtest/gtest.h>

#include "tests/support/errors.hpp"
#include "tests/support/linear_gaussian.hpp"
#include "tests/support/more.hpp"

namespace isthmus::metrics::sparsity {
namespace {

using testing::more;
using testing::says;
using testing::small_data;

/// The pixels are the code.
struct Identity final : Model, Encoder {
  Loss loss(const Batch& batch, Step&) override { return {.terms = {{"loss", batch.x.sum()}}}; }
  Tensor reconstruct(const Batch& batch, Noise&) override { return batch.x; }
  Tensor encode(const Tensor& x) override { return x; }
};

TEST(Sparsity, CountsWhatIsActive) {
  Identity model;
  // Two and one of four units; the last never. Negative ones count by their size.
  const Data data = small_data(at::tensor({1.0, -0.4, 0.0, 0.0,  //
                                           0.0, 0.0, 3.0, 0.0})
                                   .view({2, 4}));
  const auto result = measure({model, data}, {});
  EXPECT_DOUBLE_EQ(result.value, 0.375);
  EXPECT_DOUBLE_EQ(result.standard_error.value(), 0.125);
  EXPECT_DOUBLE_EQ(more(result, "l0"), 1.5);
  EXPECT_EQ(more(result, "dead_units"), 1);
  EXPECT_NEAR(more(result, "mean_activation"), 0.45, 1e-7);
  EXPECT_NEAR(more(result, "mean_activation_least"), -0.2, 1e-7);
  EXPECT_NEAR(more(result, "mean_activation_greatest"), 1.5, 1e-7);
  EXPECT_EQ(more(result, "units"), 4);
  EXPECT_EQ(more(result, "images"), 2);
  EXPECT_TRUE(result.warnings.empty());

  const auto above = measure({model, data}, {.threshold = 0.5});
  EXPECT_DOUBLE_EQ(above.value, 0.25);
  EXPECT_EQ(more(above, "dead_units"), 2);
  EXPECT_EQ(measure({model, data}, {.threshold = 3}).value, 0) << "above, not at, the threshold";
}

TEST(Sparsity, CoversManyBatches) {
  Identity model;
  // Unit i is 1 on the images i, i + 7, i + 14, …
  const int64_t images = 1203;
  const Tensor x = at::eye(7).repeat({images / 7 + 1, 1}).narrow(0, 0, images);
  const Data data = small_data(x);
  int64_t seen = 0;
  Subject subject{.model = model, .data = data};
  subject.progress = [&](int64_t done, int64_t total, std::string_view unit) {
    EXPECT_EQ(total, images);
    EXPECT_EQ(unit, "images");
    seen = done;
  };
  const auto result = measure(subject, {});
  EXPECT_EQ(seen, images);
  EXPECT_NEAR(result.value, 1.0 / 7, 1e-12);
  EXPECT_EQ(more(result, "dead_units"), 0);
  EXPECT_NEAR(more(result, "mean_activation"), 1.0 / 7, 1e-12);
  EXPECT_NEAR(more(result, "mean_activation_greatest"), 172.0 / 1203, 1e-12);
  EXPECT_NEAR(more(result, "hoyer"), 1, 1e-12);
  const auto few = measure({model, data}, {.images = 5});
  EXPECT_EQ(more(few, "images"), 5);
  EXPECT_EQ(more(few, "dead_units"), 2);
}

TEST(Hoyer, IsNoneOfEqualUnitsAndOneOfASingleOne) {
  const Tensor code = at::tensor({2.0,    2.0,   -2.0, 2.0,  // √n = ‖c‖₁ / ‖c‖₂
                                  0.0,    -5.0,  0.0,  0.0,  //
                                  0.0,    0.0,   0.0,  0.0,  // by definition
                                  3.0,    4.0,   0.0,  0.0,  // 2 − 7/5
                                  1e-200, 0.0,   0.0,  0.0,  // squares that vanish, squares that overflow
                                  3e200,  4e200, 0.0,  0.0},
                                 at::kDouble)
                          .view({6, 4});
  EXPECT_TRUE(hoyer(code).allclose(at::tensor({0.0, 1.0, 1.0, 0.6, 1.0, 0.6}, at::kDouble), 0, 1e-12));
}

TEST(Sparsity, WarnsWhereNextToAllUnitsAreActive) {
  Identity model;
  const Data data = small_data(at::full({5, 3}, 0.1));
  const auto result = measure({model, data}, {});
  EXPECT_EQ(result.value, 1);
  ASSERT_EQ(result.warnings.size(), 1U);
  EXPECT_TRUE(says(result.warnings[0], {"100 % of the units are active", "--sparsity.threshold 0.5"}));
  EXPECT_TRUE(measure({model, data}, {.threshold = 0.05}).warnings.empty()) << "a chosen threshold is meant";

  // A sigmoid that underflows now and then changes nothing; one unit in a hundred that is off does.
  const Tensor x = at::full({5, 100}, 0.1);
  x[3][7] = 0;
  const auto rare = measure({model, small_data(x)}, {});
  ASSERT_EQ(rare.warnings.size(), 1U);
  EXPECT_TRUE(says(rare.warnings[0], {"99.8 % of the units are active"}));
  x.select(1, 7).zero_();
  EXPECT_TRUE(measure({model, small_data(x)}, {}).warnings.empty());
}

TEST(Sparsity, OfOneUnitIsDefined) {
  Identity model;
  const auto result = measure({model, small_data(at::tensor({0.0, 2.0}).view({2, 1}))}, {});
  EXPECT_EQ(result.value, 0.5);
  EXPECT_EQ(more(result, "hoyer"), 1);
}

TEST(Sparsity, RefusesCodesThatAreNoNumbers) {
  Identity model;
  const Tensor x = at::ones({600, 2});
  x[550][1] = std::nan("");
  const Data data = small_data(x);
  test::expect_error("[sparsity] expected finite codes, got infinity or NaN among examples 500 to 599",
                     [&] { measure({model, data}, {}); });
}

TEST(Sparsity, SaysWhyThereIsNoneAndWhatToUse) {
  testing::Half half;
  Identity model;
  const Data data = small_data(at::ones({2, 3}));
  EXPECT_FALSE(why_not({model, data}));
  EXPECT_TRUE(says(why_not({half, data}), {"no encoder", "use `reconstruction`"}));
  EXPECT_TRUE(says(why_not({model, data, Split::validation}), {"holds no examples", "--split"}));
}

}  // namespace
}  // namespace isthmus::metrics::sparsity
