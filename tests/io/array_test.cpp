#include "isthmus/io/array.hpp"

#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "tests/io/samples.hpp"
#include "tests/support/errors.hpp"

namespace isthmus::io {
namespace {

using test::expect_error;

TEST(Array, HoldsWhatItWasMadeOf) {
  const Array array = make_array(std::vector<float>{1, 2, 3, 4, 5, 6}, {2, 3});
  EXPECT_EQ(array.dtype, DType::f32);
  EXPECT_EQ(array.elements(), 6);
  EXPECT_EQ(array.as<float>()[4], 5.0F);
  EXPECT_EQ(make_array(std::vector<int64_t>{7}, {}).as<int64_t>()[0], 7);
  EXPECT_EQ(make_array(std::vector<uint8_t>{}, {0, 5}).elements(), 0);
  const bool bits[] = {true, false};
  EXPECT_TRUE(make_array(std::span<const bool>(bits), {2}).as<bool>()[0]);
}

TEST(Array, RefusesTheWrongTypeOrShape) {
  const Array array = make_array(std::vector<float>{1, 2}, {2});
  expect_error("expected elements of type i64, got f32", [&] { array.as<int64_t>(); });
  expect_error("shape 3, got 8 bytes", [] { make_array(std::vector<float>{1, 2}, {3}); });
  expect_error("shape -1x-2", [] { make_array(std::vector<float>{1, 2}, {-1, -2}); });
  Array odd{DType::boolean, {1}, {std::byte{2}}};
  expect_error("0 or 1", [&] { odd.as<bool>(); });
}

TEST(Array, CountsBytes) {
  constexpr int64_t most = std::numeric_limits<int64_t>::max();
  using Shape = std::vector<int64_t>;
  EXPECT_EQ(byte_count(DType::f64, Shape{}), 8);
  EXPECT_EQ(byte_count(DType::i16, Shape{3, 4}), 24);
  EXPECT_EQ(byte_count(DType::i16, (Shape{most, most, 0})), 0);
  EXPECT_EQ(byte_count(DType::u8, Shape{most}), most);
  EXPECT_EQ(byte_count(DType::i16, Shape{most}), std::nullopt);
  EXPECT_EQ(byte_count(DType::u8, (Shape{most, 2})), std::nullopt);
  EXPECT_EQ(byte_count(DType::u8, (Shape{-1})), std::nullopt);
  EXPECT_EQ(byte_count(DType::u8, (Shape{0, -1})), std::nullopt);
}

}  // namespace
}  // namespace isthmus::io
