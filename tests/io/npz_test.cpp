#include "isthmus/io/npz.hpp"

#include <map>
#include <memory>
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

/// A name each: "f32_3x5" and so on.
std::map<std::string, Array> many() {
  std::map<std::string, Array> arrays;
  for (const DType dtype : {DType::boolean, DType::u8, DType::i64, DType::f16, DType::f32, DType::f64})
    for (const auto& shape : test::shapes)
      arrays.emplace(fmt::format("{}_{}", name_of(dtype), shape_text(shape)), sample(dtype, shape));
  return arrays;
}

const std::map<std::string, Array> all = many();

std::map<std::string, ArrayView> views(const std::map<std::string, Array>& arrays) {
  return {arrays.begin(), arrays.end()};
}

void read_all(std::span<const std::byte> bytes) {
  const Npz npz(std::make_unique<MemoryInput>(bytes));
  for (const std::string& name : npz.names()) npz.read(name);
}

TEST(Npz, RoundTrips) {
  const TemporaryFolder folder;
  for (const Compression compression : {Compression::stored, Compression::deflated}) {
    write_npz(folder / "a.npz", views(all), compression);
    EXPECT_EQ(read_npz(folder / "a.npz"), many());
  }
  write_npz(folder / "empty.npz", {});
  EXPECT_TRUE(read_npz(folder / "empty.npz").empty());
}

TEST(Npz, IsDeterministic) {
  const TemporaryFolder folder;
  write_npz(folder / "a.npz", views(all), Compression::deflated);
  write_npz(folder / "b.npz", views(all), Compression::deflated);
  EXPECT_EQ(read_whole(folder / "a.npz"), read_whole(folder / "b.npz"));
}

TEST(Npz, Deflates) {
  const TemporaryFolder folder;
  const std::map<std::string, Array> zeros{
      {"zeros", Array{DType::u8, {500'000}, std::vector<std::byte>(500'000)}}};
  write_npz(folder / "a.npz", views(zeros), Compression::deflated);
  EXPECT_LT(std::filesystem::file_size(folder / "a.npz"), 2'000U);
  EXPECT_EQ(read_npz(folder / "a.npz"), zeros);
}

TEST(Npz, NumpyReadsItAndWeReadNumpys) {
  const TemporaryFolder folder;
  write_npz(folder / "stored.npz", views(all));
  write_npz(folder / "deflated.npz", views(all), Compression::deflated);
  std::string script = test::python_sample + "expected = {}\n";
  for (const auto& [name, array] : many()) {
    script += fmt::format("expected['{}'] = sample('{}', {})\n", name, name_of(array.dtype),
                          test::python_tuple(array.shape));
  }
  script += R"(
import zipfile
folder = sys.argv[1]
for file in ('stored.npz', 'deflated.npz'):
    assert zipfile.ZipFile(f'{folder}/{file}').testzip() is None
    arrays = np.load(f'{folder}/{file}')
    assert sorted(arrays.files) == sorted(expected)
    for name, array in expected.items():
        assert arrays[name].dtype == array.dtype and arrays[name].shape == array.shape, name
        assert arrays[name].tobytes() == array.tobytes(), name
np.savez(f'{folder}/python_stored.npz', **expected)
np.savez_compressed(f'{folder}/python_deflated.npz', **expected)
)";
  test::run_python(script, {folder.string()});
  EXPECT_EQ(read_npz(folder / "python_stored.npz"), many());
  EXPECT_EQ(read_npz(folder / "python_deflated.npz"), many());
}

TEST(Npz, ReadsZip64CommentsAndOtherMembers) {
  const TemporaryFolder folder;
  // zipfile writes zip64 records for sizes over a limit of its own; lowered, small members get them
  // everywhere.
  test::run_python(R"(
import io, sys, zipfile
import numpy as np
zipfile.ZIP64_LIMIT = 1
zipfile.ZIP_FILECOUNT_LIMIT = 0
with zipfile.ZipFile(sys.argv[1] + '/a.npz', 'w', zipfile.ZIP_DEFLATED) as archive:
    archive.comment = b'a comment PK\x05\x06 that looks like an end'
    for name in ('x', 'y'):
        data = io.BytesIO()
        np.save(data, np.arange(5))
        archive.writestr(name + '.npy', data.getvalue())
    archive.writestr('read_me.txt', 'hello')
data = open(sys.argv[1] + '/a.npz', 'rb').read()
assert b'PK\x06\x06' in data and b'PK\x06\x07' in data
)",
                   {folder.string()});
  const Npz npz(folder / "a.npz");
  EXPECT_EQ(npz.names(), (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(npz.read("y"), make_array(std::vector<int64_t>{0, 1, 2, 3, 4}, {5}));
  test::expect_damage_survived(read_whole(folder / "a.npz"), [](const auto& bytes) { read_all(bytes); });
}

TEST(Npz, RefusesDamage) {
  const TemporaryFolder folder;
  const std::map<std::string, Array> arrays{{"a", sample(DType::f32, {3})}, {"b", sample(DType::u8, {2, 2})}};
  for (const Compression compression : {Compression::stored, Compression::deflated}) {
    write_npz(folder / "a.npz", views(arrays), compression);
    const std::vector<std::byte> bytes = read_whole(folder / "a.npz");
    test::expect_truncations_refused(bytes, read_all);
    test::expect_damage_survived(bytes, [](const auto& damaged) { read_all(damaged); });
  }
}

TEST(Npz, ComparesTheChecksum) {
  const TemporaryFolder folder;
  const std::map<std::string, Array> arrays{
      {"a", Array{DType::u8, {4}, std::vector<std::byte>(4, std::byte{0x77})}}};
  write_npz(folder / "a.npz", views(arrays));
  std::string text = read_text(folder / "a.npz");
  text[text.find("\x77\x77\x77\x77") + 2] = 'x';
  expect_error("CRC-32", [&] { read_all(as_bytes(text)); });
}

TEST(Npz, SaysWhatIsWrong) {
  const TemporaryFolder folder;
  expect_error("the directory of a zip archive, got none",
               [] { read_all(as_bytes("certainly no zip archive at all")); });
  expect_error("No such file", [&] { Npz(folder / "absent.npz"); });
  test::run_python(R"(
import sys, zipfile
import numpy as np
with zipfile.ZipFile(sys.argv[1] + '/lzma.npz', 'w', zipfile.ZIP_LZMA) as archive: archive.writestr('a.npy', b'x' * 99)
with zipfile.ZipFile(sys.argv[1] + '/text.npz', 'w') as archive: archive.writestr('a.npy', b'x' * 99)
)",
                   {folder.string()});
  expect_error("zip method 14", [&] { Npz(folder / "lzma.npz"); });
  expect_error("starts with \\x93NUMPY", [&] { Npz(folder / "text.npz").read("a"); });

  const std::map<std::string, Array> arrays{{"images", sample(DType::u8, {3})}};
  write_npz(folder / "a.npz", views(arrays));
  expect_error("try 'images'", [&] { Npz(folder / "a.npz").read("imgaes"); });
}

TEST(Npz, FullDiskAndUnwritablePath) {
  const TemporaryFolder folder;
  const std::map<std::string, Array> arrays{{"a", sample(DType::f32, {300})}};
  write_whole(folder / "file", "text");
  expect_error("Not a directory", [&] { write_npz(folder / "file/a.npz", views(arrays)); });
  const test::FileSizeLimit limit(200);
  expect_error("File too large", [&] { write_npz(folder / "a.npz", views(arrays)); });
  EXPECT_FALSE(std::filesystem::exists(folder / "a.npz"));
}

}  // namespace
}  // namespace isthmus::io
