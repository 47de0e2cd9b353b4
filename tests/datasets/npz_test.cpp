#include "isthmus/datasets/npz.hpp"

#include <fstream>

#include <gtest/gtest.h>

#include "isthmus/io/npz.hpp"

#include "tests/support/datasets.hpp"
#include "tests/support/errors.hpp"
#include "tests/support/temporary_folder.hpp"

namespace isthmus::datasets {
namespace {

class NpzDatasets : public testing::Test {
 protected:
  Source open(const std::map<std::string, io::Array>& arrays) {
    const std::map<std::string, io::ArrayView> views(arrays.begin(), arrays.end());
    io::write_npz(folder_ / "set.npz", views);
    return npz::open({.path = folder_ / "set.npz"});
  }
  const test::TemporaryFolder folder_;
};

/// 0, 1, 2, … of any shape.
template <class T>
io::Array range(std::vector<int64_t> shape) {
  std::vector<T> values(static_cast<size_t>(elements(shape)));
  std::iota(values.begin(), values.end(), T{});
  return io::make_array(values, std::move(shape));
}

TEST_F(NpzDatasets, ReadsExamplesAndLabels) {
  const Source source = open({{"x", range<uint8_t>({4, 2, 3})}, {"y", range<int32_t>({4})}});
  EXPECT_FALSE(source.test);
  EXPECT_EQ(source.train->size(), 4);
  EXPECT_EQ(source.train->shape(), (Shape{1, 2, 3}));
  EXPECT_EQ(source.train->labels()[3], 3);
  EXPECT_EQ(test::values_of(*source.train)[7], 7 / 255.F);
}

TEST_F(NpzDatasets, ReadsASplitThatTheFileMakes) {
  const Source source = open({{"x_train", range<float>({4, 3})},
                              {"y_train", range<uint8_t>({4})},
                              {"x_test", range<float>({2, 3})},
                              {"y_test", range<uint8_t>({2})}});
  EXPECT_EQ(source.train->shape(), (Shape{3}));
  EXPECT_EQ(test::values_of(*source.train)[11], 11.F);
  ASSERT_TRUE(source.test);
  EXPECT_EQ(source.test->labels().size(), 2U);
}

TEST_F(NpzDatasets, PutsChannelsFirst) {
  const auto last = open({{"images", range<uint8_t>({2, 2, 2, 3})}}).train;
  EXPECT_EQ(last->shape(), (Shape{3, 2, 2}));
  const std::vector<float> values = test::values_of(*last);
  for (int64_t n = 0; n < 2; ++n)
    for (int64_t c = 0; c < 3; ++c)
      for (int64_t at = 0; at < 4; ++at)
        EXPECT_EQ(values[static_cast<size_t>((n * 3 + c) * 4 + at)],
                  static_cast<float>(n * 12 + at * 3 + c) / 255.F);
  EXPECT_EQ(open({{"x", range<float>({2, 4, 5, 1})}}).train->shape(), (Shape{1, 4, 5}));
}

TEST_F(NpzDatasets, KeepsOtherShapes) {
  const auto first = open({{"x", range<float>({2, 3, 2, 2})}}).train;
  EXPECT_EQ(first->shape(), (Shape{3, 2, 2}));
  EXPECT_EQ(test::values_of(*first)[5], 5.F);
  EXPECT_EQ(open({{"x", range<float>({2, 8, 2, 2})}}).train->shape(), (Shape{8, 2, 2}));
  EXPECT_EQ(open({{"arr_0", range<float>({2, 3, 1, 2, 2})}}).train->shape(), (Shape{3, 1, 2, 2}));
}

TEST_F(NpzDatasets, TakesBytesOfZeroAndOneAsTheyAre) {
  const std::vector<uint8_t> bits{0, 1, 1, 0};
  const auto set = open({{"imgs", io::make_array(bits, {2, 1, 2})}}).train;
  EXPECT_TRUE(set->binary());
  EXPECT_EQ(test::values_of(*set), (std::vector<float>{0, 1, 1, 0}));
}

TEST_F(NpzDatasets, TakesDoublesAndBooleans) {
  EXPECT_EQ(test::values_of(*open({{"x", range<double>({2, 2})}}).train), (std::vector<float>{0, 1, 2, 3}));
  io::Array truth = io::make_array(std::vector<uint8_t>{1, 0}, {1, 2});
  truth.dtype = io::DType::boolean;
  EXPECT_EQ(test::values_of(*open({{"x", truth}}).train), (std::vector<float>{1, 0}));
}

TEST_F(NpzDatasets, ReadsFactors) {
  const std::vector<int64_t> classes{0, 2, 1, 0, 0, 1};
  const auto set =
      open({{"x", range<float>({3, 2})}, {"latents_classes", io::make_array(classes, {3, 2})}}).train;
  ASSERT_EQ(set->factors().size(), 2U);
  EXPECT_EQ(set->factors()[0].values, 2);
  EXPECT_EQ(set->factors()[1].values, 3);
  EXPECT_EQ(set->factor_values(1), (std::vector<int64_t>{1, 0}));
}

TEST_F(NpzDatasets, RefusesBadFiles) {
  test::expect_error("[npz] expected an array x_train, x, images, imgs or arr_0, got pictures",
                     [&] { open({{"pictures", range<float>({3, 2})}}); });
  test::expect_error("u8, boolean, f32 or f64 in 'x', got i64",
                     [&] { open({{"x", range<int64_t>({3, 2})}}); });
  test::expect_error("integers in 'y', got f32",
                     [&] { open({{"x", range<float>({3, 2})}, {"y", range<float>({3})}}); });
  test::expect_error("3 labels, one an example, got 2",
                     [&] { open({{"x", range<float>({3, 2})}, {"y", range<int64_t>({2})}}); });
  test::expect_error("examples in the rows of 'x', got shape 3", [&] { open({{"x", range<float>({3})}}); });
  test::expect_error("absent.npz", [&] { npz::open({.path = folder_ / "absent.npz"}); });
  std::ofstream(folder_ / "text.npz") << "no archive";
  test::expect_error("text.npz", [&] { npz::open({.path = folder_ / "text.npz"}); });
  test::expect_error("an empty --data.path", [] { npz::open({}); });
  test::expect_error("--data.size 0", [] { npz::open({.path = "x.npz", .size = 3}); });
}

}  // namespace
}  // namespace isthmus::datasets
