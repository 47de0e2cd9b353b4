#pragma once

#include <filesystem>
#include <string>

#include "isthmus/io/array.hpp"
#include "isthmus/io/input.hpp"
#include "isthmus/io/stream.hpp"

namespace isthmus::io {

/// Reads numpy's format (numpy.lib.format), versions 1 to 3: bool, u1, i1, i2, i4, i8, f2, f4, f8 of either
/// byte order, in C or Fortran order; the array that comes back is native and in C order. Throws Error for
/// all else: pickled objects, structured or complex types, truncated or overlong files.
Array read_npy(const std::filesystem::path& path);
Array read_npy(const Input& input);
Array read_npy(Stream& stream);

/// Writes version 1 in C order, whole or not at all. Throws Error for bf16, which numpy lacks.
void write_npy(const std::filesystem::path& path, const ArrayView& array);

/// All that stands before the data; a multiple of 64 bytes. Throws as write_npy.
std::string npy_header(const ArrayView& array);

}  // namespace isthmus::io
