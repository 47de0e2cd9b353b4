#include "isthmus/io/npy.hpp"

#include <array>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "isthmus/io/atomic_file.hpp"
#include "isthmus/io/bytes.hpp"

#include "tests/io/samples.hpp"
#include "tests/support/errors.hpp"
#include "tests/support/python.hpp"
#include "tests/support/temporary_folder.hpp"

namespace isthmus::io {
namespace {

using test::expect_error;
using test::sample;
using test::TemporaryFolder;

constexpr std::array types{DType::boolean, DType::u8,  DType::i8,  DType::i16, DType::i32,
                           DType::i64,     DType::f16, DType::f32, DType::f64};

Array decode(std::span<const std::byte> bytes) {
  return read_npy(MemoryInput(bytes));
}

/// A file of version 1 with this header and data.
Array decode(std::string_view header, std::string_view data) {
  std::string text = "\x93NUMPY\x01";
  text.push_back('\0');
  append_little(text, static_cast<uint16_t>(header.size()));
  text += header;
  text += data;
  return decode(as_bytes(text));
}

TEST(Npy, RoundTrips) {
  const TemporaryFolder folder;
  for (const DType dtype : types) {
    for (const auto& shape : test::shapes) {
      const Array array = sample(dtype, shape);
      write_npy(folder / "a.npy", array);
      EXPECT_EQ(read_npy(folder / "a.npy"), array) << name_of(dtype) << ' ' << shape_text(shape);
    }
  }
}

TEST(Npy, AlignsItsData) {
  for (const auto& shape : test::shapes) EXPECT_EQ(npy_header(sample(DType::f32, shape)).size() % 64, 0U);
}

TEST(Npy, NumpyReadsItAndWeReadNumpys) {
  const TemporaryFolder folder;
  std::string script = test::python_sample + R"(
folder = sys.argv[1]
def check(i, name, shape):
    array = np.load(f'{folder}/ours{i}.npy')
    expected = sample(name, shape)
    assert array.dtype == expected.dtype and array.shape == expected.shape, (array.dtype, array.shape)
    assert array.tobytes() == expected.tobytes()
    np.save(f'{folder}/c{i}.npy', expected)
    np.save(f'{folder}/fortran{i}.npy', np.array(expected, order='F'))
    np.save(f'{folder}/big{i}.npy', expected.astype(expected.dtype.newbyteorder('>')))
    for version in (2, 3):
        with open(f'{folder}/v{version}_{i}.npy', 'wb') as file:
            np.lib.format.write_array(file, expected, version=(version, 0))
)";
  std::vector<Array> arrays;
  for (const DType dtype : types) {
    for (const auto& shape : test::shapes) {
      write_npy(folder / fmt::format("ours{}.npy", arrays.size()), sample(dtype, shape));
      script +=
          fmt::format("check({}, '{}', {})\n", arrays.size(), name_of(dtype), test::python_tuple(shape));
      arrays.push_back(sample(dtype, shape));
    }
  }
  test::run_python(script, {folder.string()});
  for (size_t i = 0; i < arrays.size(); ++i)
    for (const char* const kind : {"c", "fortran", "big", "v2_", "v3_"})
      EXPECT_EQ(read_npy(folder / fmt::format("{}{}.npy", kind, i)), arrays[i])
          << kind << ' ' << name_of(arrays[i].dtype) << ' ' << shape_text(arrays[i].shape);
}

TEST(Npy, RefusesWhatNumpyWritesButWeDoNotRead) {
  const TemporaryFolder folder;
  test::run_python(R"(
import sys
import numpy as np
folder = sys.argv[1]
np.save(folder + '/pickle.npy', np.array([{}, None], dtype=object))
np.save(folder + '/fields.npy', np.zeros(3, dtype=[('x', 'f4'), ('y', 'i4')]))
np.save(folder + '/complex.npy', np.zeros(3, dtype='c8'))
np.save(folder + '/text.npy', np.array(['a', 'bc']))
)",
                   {folder.string()});
  expect_error("pickled objects are never read", [&] { read_npy(folder / "pickle.npy"); });
  expect_error("a structured type", [&] { read_npy(folder / "fields.npy"); });
  expect_error("'<c8'", [&] { read_npy(folder / "complex.npy"); });
  expect_error("astype", [&] { read_npy(folder / "text.npy"); });
}

TEST(Npy, ReadsEveryWayToWriteTheHeader) {
  const Array expected = make_array(std::vector<uint8_t>{1, 2}, {2});
  for (const char* const header : {"{'descr': '|u1', 'fortran_order': False, 'shape': (2,), }\n",
                                   R"({"shape":(2,),"fortran_order":True,"descr":"<u1"})",
                                   "  {'descr':'=u1','fortran_order':False,'shape':(2L,)} \n",
                                   "{'shape': ( 2 , ) , 'descr': '>u1', 'fortran_order': False}"})
    EXPECT_EQ(decode(header, "\1\2"), expected) << header;
}

TEST(Npy, SaysWhatIsWrongWithTheHeader) {
  const auto header = [](std::string_view text) { return [text] { decode(text, "\1\2"); }; };
  expect_error("no '{'", header(""));
  expect_error("without all three", header("{}"));
  expect_error("without all three", header("{'descr': '|u1', 'shape': (2,)}"));
  expect_error("unknown key 'descr'", header("{'descr': '|u1', 'descr': '|u1'}"));
  expect_error("unknown key 'colour'", header("{'colour': 'red'}"));
  expect_error("no ':'", header("{'descr' '|u1'}"));
  expect_error("no ','", header("{'descr': '|u1' 'shape': (2,)}"));
  expect_error("a string without an end", header("{'descr"));
  expect_error("neither True nor False", header("{'fortran_order': 0}"));
  expect_error("a dimension that is no count", header("{'shape': (-2,)}"));
  expect_error("a dimension that is no count", header("{'shape': (99999999999999999999,)}"));
  expect_error("text after the dict", header("{'descr': '|u1', 'fortran_order': False, 'shape': (2,)} x"));
  expect_error("'u1' in", header("{'descr': 'u1', 'fortran_order': False, 'shape': (2,)}"));
  expect_error("bytes beyond them", header("{'descr': '|u1', 'fortran_order': False, 'shape': (1,)}"));
  expect_error("truncated", header("{'descr': '|u1', 'fortran_order': False, 'shape': (3,)}"));
  expect_error("0 or 1 in an array of booleans",
               header("{'descr': '|b1', 'fortran_order': False, 'shape': (2,)}"));
  expect_error("fits in memory",
               header("{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296, 4294967296)}"));
  expect_error("expected 32000000000 bytes",
               header("{'descr': '<f8', 'fortran_order': False, 'shape': (4000000000,)}"));
}

TEST(Npy, RefusesDamage) {
  const TemporaryFolder folder;
  write_npy(folder / "a.npy", sample(DType::f32, {2, 3}));
  const std::vector<std::byte> bytes = read_whole(folder / "a.npy");
  test::expect_truncations_refused(bytes, [](auto part) { decode(part); });
  test::expect_damage_survived(bytes, [](const auto& part) { decode(part); });
  expect_error("starts with \\x93NUMPY", [] { decode(as_bytes("something else entirely")); });
  expect_error("version 9", [] { decode(as_bytes("\x93NUMPY\x09 more")); });
  expect_error("a header of at most 65536 bytes, got 4294967295",
               [] { decode(as_bytes(std::string_view("\x93NUMPY\x02\0\xff\xff\xff\xff", 12))); });
}

TEST(Npy, RefusesToWrite) {
  const TemporaryFolder folder;
  expect_error("a type that numpy has, got bf16", [&] { write_npy(folder / "a", sample(DType::bf16, {2})); });
  const Array wrong{DType::u8, {3}, {std::byte{1}}};
  expect_error("shape 3, got 1 bytes", [&] { write_npy(folder / "a", wrong); });
  write_whole(folder / "file", "text");
  expect_error("Not a directory", [&] { write_npy(folder / "file/a", sample(DType::u8, {3})); });
  const test::FileSizeLimit limit(200);
  expect_error("File too large", [&] { write_npy(folder / "a", sample(DType::u8, {300})); });
  EXPECT_FALSE(std::filesystem::exists(folder / "a"));
}

}  // namespace
}  // namespace isthmus::io
