#include "isthmus/metrics/reconstruction.hpp"

#include <gtest/gtest.h>

#include "tests/support/linear_gaussian.hpp"
#include "tests/support/more.hpp"

namespace isthmus::metrics::reconstruction {
namespace {

using testing::Half;
using testing::more;
using testing::small_data;

// Half of every pixel is lost: ‖x/2‖² is 1.25 and 6.25, a sum over pixels, and its mean over images 3.75.
TEST(Reconstruction, IsSummedOverPixelsAndAveragedOverImages) {
  Half model;
  const Data data = small_data(at::tensor({1.0, 2.0, 3.0, 4.0}).view({2, 1, 1, 2}));
  const auto result = measure({model, data}, {});
  EXPECT_DOUBLE_EQ(result.value, 3.75);
  EXPECT_DOUBLE_EQ(result.standard_error.value(), 2.5);
  EXPECT_EQ(result.unit, "squared error");
}

TEST(Reconstruction, CoversManyBatchesAndNoMoreThanItsImages) {
  Half model;
  const Data data = small_data(at::full({1203, 3}, 2.0));
  int64_t seen = 0;
  Subject subject{.model = model, .data = data};
  subject.progress = [&](int64_t done, int64_t total, std::string_view unit) {
    EXPECT_EQ(total, 1203);
    EXPECT_EQ(unit, "examples");
    seen = done;
  };
  const auto all = measure(subject, {});
  EXPECT_DOUBLE_EQ(all.value, 3);
  EXPECT_EQ(more(all, "images"), 1203);
  EXPECT_EQ(seen, 1203);
  EXPECT_EQ(more(measure({model, data}, {.images = 7}), "images"), 7);
}

TEST(Reconstruction, IsThereForEveryModelButNotForAnEmptySplit) {
  Half model;
  const Data data = small_data(at::ones({2, 3}));
  EXPECT_FALSE(why_not({model, data}));
  EXPECT_TRUE(testing::says(why_not({model, data, Split::validation}),
                            {"validation split of small holds no examples", "--split", "--data.validation"}));
}

}  // namespace
}  // namespace isthmus::metrics::reconstruction
