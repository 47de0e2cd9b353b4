#include "isthmus/io/idx.hpp"

#include <array>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "isthmus/io/atomic_file.hpp"
#include "isthmus/io/bytes.hpp"
#include "isthmus/io/input.hpp"

#include "tests/io/samples.hpp"
#include "tests/support/errors.hpp"
#include "tests/support/python.hpp"
#include "tests/support/temporary_folder.hpp"

namespace isthmus::io {
namespace {

using test::expect_error;
using test::sample;
using test::TemporaryFolder;

constexpr std::array types{DType::u8, DType::i8, DType::i16, DType::i32, DType::f32, DType::f64};

Array decode(std::span<const std::byte> bytes) {
  return read_idx(MemoryInput(bytes));
}

Array decode(std::string_view text) {
  return decode(as_bytes(text));
}

std::vector<std::byte> encode(const Array& array) {
  const TemporaryFolder folder;
  write_idx(folder / "a", array);
  return read_whole(folder / "a");
}

TEST(Idx, RoundTrips) {
  const TemporaryFolder folder;
  for (const DType dtype : types) {
    for (const auto& shape : test::shapes) {
      const Array array = sample(dtype, shape);
      write_idx(folder / "a", array);
      EXPECT_EQ(read_idx(folder / "a"), array) << name_of(dtype) << ' ' << shape_text(shape);
    }
  }
}

TEST(Idx, IsBigEndian) {
  EXPECT_EQ(as_text(encode(make_array(std::vector<int16_t>{1, -2}, {2}))),
            std::string_view("\0\0\x0b\1\0\0\0\2\0\1\xff\xfe", 12));
}

TEST(Idx, RefusesDamage) {
  const std::vector<std::byte> bytes = encode(sample(DType::i32, {2, 3}));
  test::expect_truncations_refused(bytes, [](auto part) { decode(part); });
  test::expect_damage_survived(bytes, [](const auto& part) { decode(part); });
}

TEST(Idx, SaysWhatIsWrong) {
  expect_error("got 0x50524f42 in 'memory'", [] { decode("PROBLEM"); });
  expect_error("0x00000701", [] { decode(std::string_view("\0\0\7\1\0\0\0\0", 8)); });
  expect_error("bytes beyond them", [] { decode(std::string_view("\0\0\x08\1\0\0\0\1xy", 10)); });
  expect_error("truncated", [] { decode(std::string_view("\0\0\x08\1\0\0\0\2x", 9)); });
  expect_error("expected 4294967295 bytes",
               [] { decode(std::string_view("\0\0\x08\1\xff\xff\xff\xff", 8)); });
  expect_error("fits in memory", [] { decode(std::string("\0\0\x08\3", 4) + std::string(12, '\xff')); });
  expect_error("[idx] expected u8, i8", [] { encode(sample(DType::i64, {2})); });
  const Array wide{DType::u8, {0, int64_t{1} << 32}, {}};
  expect_error("none over 4294967295", [&] { encode(wide); });
}

TEST(Idx, ReadsWhatPythonPacked) {
  const TemporaryFolder folder;
  test::run_python(R"(
import gzip, struct, sys
data = struct.pack('>HBB2I', 0, 8, 2, 3, 5) + bytes(7 * i % 101 for i in range(15))
folder = sys.argv[1]
open(folder + '/plain', 'wb').write(data)
open(folder + '/packed.gz', 'wb').write(gzip.compress(data))
open(folder + '/members.gz', 'wb').write(gzip.compress(data[:9]) + gzip.compress(data[9:]))
open(folder + '/long.gz', 'wb').write(gzip.compress(data + b'x'))
open(folder + '/liar.gz', 'wb').write(gzip.compress(struct.pack('>HBB2I', 0, 8, 2, 60000, 60000)))
)",
                   {folder.string()});
  const Array expected = sample(DType::u8, {3, 5});
  EXPECT_EQ(read_idx(folder / "plain"), expected);
  EXPECT_EQ(read_idx(folder / "packed.gz"), expected);
  EXPECT_EQ(read_idx(folder / "members.gz"), expected);
  expect_error("bytes beyond them", [&] { read_idx(folder / "long.gz"); });
  expect_error("expected 3600000000 bytes", [&] { read_idx(folder / "liar.gz"); });
  const std::vector<std::byte> packed = read_whole(folder / "packed.gz");
  test::expect_truncations_refused(packed, [](auto part) { decode(part); });
  test::expect_damage_survived(packed, [](const auto& part) { decode(part); });
}

TEST(Idx, PythonReadsIt) {
  const TemporaryFolder folder;
  std::string script = test::python_sample + R"(
def read(path):
    data = open(path, 'rb').read()
    dtype = {8: 'u1', 9: 'i1', 11: '>i2', 12: '>i4', 13: '>f4', 14: '>f8'}[data[2]]
    shape = np.frombuffer(data, '>u4', data[3], 4)
    return np.frombuffer(data, dtype, -1, 4 + 4 * data[3]).reshape(shape)
)";
  for (const DType dtype : types) {
    write_idx(folder / std::string(name_of(dtype)), sample(dtype, {4, 5}));
    script +=
        fmt::format("assert (read(sys.argv[1] + '/{0}') == sample('{0}', (4, 5))).all()\n", name_of(dtype));
  }
  test::run_python(script, {folder.string()});
}

TEST(Idx, FullDiskAndUnwritablePath) {
  const TemporaryFolder folder;
  write_whole(folder / "file", "text");
  expect_error("Not a directory", [&] { write_idx(folder / "file/a", sample(DType::u8, {3})); });
  const test::FileSizeLimit limit(64);
  expect_error("File too large", [&] { write_idx(folder / "a", sample(DType::u8, {300})); });
  EXPECT_FALSE(std::filesystem::exists(folder / "a"));
}

}  // namespace
}  // namespace isthmus::io
