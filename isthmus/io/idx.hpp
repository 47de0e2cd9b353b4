#pragma once

#include <filesystem>

#include "isthmus/io/array.hpp"
#include "isthmus/io/input.hpp"

namespace isthmus::io {

/// Reads the format of MNIST and its kin (http://yann.lecun.com/exdb/mnist): a magic number of two zeros, the
/// type and the number of dimensions, the dimensions, the data, all big-endian. Plain or gzip, told apart by
/// the first bytes. Types: u8, i8, i16, i32, f32, f64. Throws Error when it is truncated, too long or
/// something else.
Array read_idx(const std::filesystem::path& path);
Array read_idx(const Input& input);

/// Writes a plain idx file, whole or not at all. Throws Error for a dtype that idx lacks, or a dimension over
/// 2^32 - 1.
void write_idx(const std::filesystem::path& path, const ArrayView& array);

}  // namespace isthmus::io
