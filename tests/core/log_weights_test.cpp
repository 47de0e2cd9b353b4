#include "isthmus/core/log_weights.hpp"

#include <stdexcept>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/linear_gaussian.hpp"

namespace isthmus {
namespace {

using testing::LinearGaussian;
using testing::small_data;

std::vector<std::vector<double>> weights_by_image(const Subject& subject, int64_t draws,
                                                  int64_t rows_at_once) {
  std::vector<std::vector<double>> all(static_cast<size_t>(subject.examples().size()));
  for_each_log_weights(
      subject, draws, 0,
      [&](int64_t image, std::span<const double> weights) {
        auto& of_image = all[static_cast<size_t>(image)];
        of_image.insert(of_image.end(), weights.begin(), weights.end());
      },
      Proposal::posterior, rows_at_once);
  return all;
}

TEST(LogWeights, TheSizeOfABatchChangesNothing) {
  LinearGaussian model(0.3, 1.4);
  const Data data = small_data(model.draw(23, 1));
  const Subject subject{.model = model, .data = data, .seed = 5};
  const auto whole = weights_by_image(subject, 250, 0);
  for (const int64_t rows : {1, 300, 777}) {
    const auto parts = weights_by_image(subject, 250, rows);
    for (size_t image = 0; image < whole.size(); ++image) {
      ASSERT_EQ(whole[image].size(), 250U);
      ASSERT_EQ(parts[image].size(), 250U);
      // The draws are the same bit for bit; a matrix product may sum in another order at another size.
      for (size_t draw = 0; draw < 250; ++draw) ASSERT_NEAR(parts[image][draw], whole[image][draw], 1e-10);
    }
  }
}

TEST(LogWeights, ASeedIsRepeatedAndAnotherDrawsAnew) {
  LinearGaussian model(0.3, 1.4);
  const Data data = small_data(model.draw(5, 1));
  const auto weights = [&](uint64_t seed) {
    return weights_by_image({.model = model, .data = data, .seed = seed}, 150, 0);
  };
  EXPECT_EQ(weights(1), weights(1));
  EXPECT_NE(weights(1), weights(2));
  const auto first = weights(1)[0];
  EXPECT_NE(std::vector<double>(first.begin(), first.begin() + 50),
            std::vector<double>(first.begin() + 100, first.end()));  // chunks differ
}

TEST(LogWeights, ACallOfTheModelStaysSmall) {
  LinearGaussian model;
  const Data data = small_data(model.draw(40, 1));
  weights_by_image({model, data}, 5000, 1000);
  for (const auto& call : model.calls) EXPECT_LE(call.images * call.draws, 1000);
}

// A peer makes one call of the model per image, 40 here: most of its time goes into calls.
TEST(LogWeights, ACallOfTheModelTakesAsManyImagesAsFit) {
  LinearGaussian model;
  const Data data = small_data(model.draw(40, 1));
  weights_by_image({model, data}, 100, 1000);
  ASSERT_EQ(model.calls.size(), 4U);
  for (const auto& call : model.calls) {
    EXPECT_EQ(call.images, 10);
    EXPECT_EQ(call.draws, 100);
  }
}

TEST(LogWeights, ReportsProgressAndCanBeStopped) {
  LinearGaussian model;
  const Data data = small_data(model.draw(25, 1));
  std::vector<int64_t> seen;
  Subject subject{.model = model, .data = data};
  subject.progress = [&](int64_t done, int64_t total, std::string_view unit) {
    EXPECT_EQ(total, 25 * 250);
    EXPECT_EQ(unit, "draws");
    seen.push_back(done);
  };
  weights_by_image(subject, 250, 1000);
  EXPECT_TRUE(std::ranges::is_sorted(seen));
  EXPECT_GT(seen.size(), 5U);
  EXPECT_EQ(seen.back(), 25 * 250);
  subject.progress = [](int64_t, int64_t, std::string_view) { throw std::runtime_error("stop"); };
  EXPECT_THROW(weights_by_image(subject, 250, 1000), std::runtime_error);
}

}  // namespace
}  // namespace isthmus
