#pragma once

#include <cstdint>
#include <ostream>
#include <span>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "isthmus/core/error.hpp"
#include "isthmus/io/array.hpp"

namespace isthmus::io {

inline void PrintTo(const Array& array, std::ostream* stream) {
  *stream << name_of(array.dtype) << ' ' << shape_text(array.shape) << ", " << array.data.size() << " bytes";
}

}  // namespace isthmus::io

namespace isthmus::test {

using io::Array;
using io::DType;

/// Scalars, empty arrays, single elements, odd lengths, many dimensions.
inline const std::vector<std::vector<int64_t>> shapes{{},
                                                      {0},
                                                      {1},
                                                      {7},
                                                      {3, 5},
                                                      {5, 1},
                                                      {0, 4},
                                                      {4, 0, 2},
                                                      {2, 3, 4},
                                                      {1, 1, 1, 1, 3},
                                                      {2, 1, 3, 1, 2, 2},
                                                      {257, 33}};

/// Element i is 7 i modulo 101, or its parity in an array of booleans. Half-precision types hold that number
/// as their bits, so that no conversion is needed to check them.
inline Array sample(DType dtype, const std::vector<int64_t>& shape) {
  Array array{dtype, shape,
              std::vector<std::byte>(static_cast<size_t>(io::byte_count(dtype, shape).value()))};
  const auto fill = [&]<class T>(T) {
    auto values = array.as<T>();
    for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<T>(7 * i % 101);
  };
  switch (dtype) {
    case DType::boolean:
      for (size_t i = 0; i < array.data.size(); ++i) array.data[i] = static_cast<std::byte>(7 * i % 101 % 2);
      break;
    case DType::u8:
      fill(uint8_t{});
      break;
    case DType::i8:
      fill(int8_t{});
      break;
    case DType::i16:
      fill(int16_t{});
      break;
    case DType::i32:
      fill(int32_t{});
      break;
    case DType::i64:
      fill(int64_t{});
      break;
    case DType::f16:
      for (size_t i = 0; i < array.data.size() / 2; ++i)
        array.as<io::Float16>()[i] = {static_cast<uint16_t>(7 * i % 101)};
      break;
    case DType::bf16:
      for (size_t i = 0; i < array.data.size() / 2; ++i)
        array.as<io::BFloat16>()[i] = {static_cast<uint16_t>(7 * i % 101)};
      break;
    case DType::f32:
      fill(float{});
      break;
    case DType::f64:
      fill(double{});
      break;
  }
  return array;
}

/// The same in Python: sample(dtype name as in C++, shape).
inline const std::string python_sample = R"(
import sys
import numpy as np
NUMPY = dict(bool='?', u8='u1', i8='i1', i16='i2', i32='i4', i64='i8', f16='f2', bf16='u2', f32='f4', f64='f8')
def sample(name, shape):
    values = 7 * np.arange(int(np.prod(shape, dtype=np.int64))) % 101
    if name == 'bool': values = values % 2
    if name == 'f16': return values.astype('u2').view('f2').reshape(shape)
    return values.astype(NUMPY[name]).reshape(shape)
)";

/// "(3,5,)" for Python.
inline std::string python_tuple(const std::vector<int64_t>& shape) {
  std::string text = "(";
  for (const int64_t dimension : shape) text += std::to_string(dimension) + ",";
  return text + ")";
}

/// Every proper beginning of `bytes` must be refused by `read` with an Error, nothing else.
template <class Read>
void expect_truncations_refused(std::span<const std::byte> bytes, Read&& read) {
  for (size_t count = 0; count < bytes.size(); ++count)
    EXPECT_THROW(read(bytes.first(count)), Error)
        << "the first " << count << " of " << bytes.size() << " bytes";
}

/// With any one byte turned over, `read` may succeed or throw Error; it must not do anything else.
template <class Read>
void expect_damage_survived(std::vector<std::byte> bytes, Read&& read) {
  for (std::byte& byte : bytes) {
    for (const int mask : {0x01, 0x80, 0xff}) {
      const std::byte before = byte;
      byte ^= static_cast<std::byte>(mask);
      try {
        read(bytes);
      } catch (const Error& refusal) {
        EXPECT_FALSE(std::string_view(refusal.what()).empty());
      }
      byte = before;
    }
  }
}

}  // namespace isthmus::test
