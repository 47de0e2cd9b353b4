#include "isthmus/io/safetensors.hpp"

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

const std::vector<DType> types{DType::boolean, DType::u8,  DType::i8,   DType::i16, DType::i32,
                               DType::i64,     DType::f16, DType::bf16, DType::f32, DType::f64};

/// A name each: "f32_3x5" and so on.
std::map<std::string, Array> many() {
  std::map<std::string, Array> arrays;
  for (const DType dtype : types)
    for (const auto& shape : test::shapes)
      arrays.emplace(fmt::format("{}_{}", name_of(dtype), shape_text(shape)), sample(dtype, shape));
  return arrays;
}

std::map<std::string, ArrayView> views(const std::map<std::string, Array>& arrays) {
  return {arrays.begin(), arrays.end()};
}

void read_all(std::span<const std::byte> bytes) {
  Safetensors(std::make_unique<MemoryInput>(bytes)).read_all();
}

/// A file with this header and so many bytes of data.
void read_all(const std::string& header, size_t data_size) {
  std::string text;
  append_little(text, uint64_t{header.size()});
  text += header + std::string(data_size, '\1');
  read_all(as_bytes(text));
}

const std::map<std::string, Array> all = many();
const std::map<std::string, std::string> notes{{"format", "pt"}, {"quote\"d", "line\nfeed, é"}};

TEST(Safetensors, RoundTrips) {
  const TemporaryFolder folder;
  write_safetensors(folder / "a", views(all), notes);
  const Safetensors file(folder / "a");
  EXPECT_EQ(file.read_all(), many());
  EXPECT_EQ(file.metadata(), notes);
  EXPECT_EQ(file.read("f32_3x5"), sample(DType::f32, {3, 5}));
  EXPECT_TRUE(file.contains("f32_3x5"));
  EXPECT_FALSE(file.contains("f32"));
  EXPECT_EQ(file.entries().at("i64_3x5").shape, (std::vector<int64_t>{3, 5}));

  write_safetensors(folder / "empty", {});
  EXPECT_TRUE(Safetensors(folder / "empty").entries().empty());
}

TEST(Safetensors, IsDeterministicAndAligned) {
  const TemporaryFolder folder;
  write_safetensors(folder / "a", views(all), notes);
  write_safetensors(folder / "b", views(all), notes);
  EXPECT_EQ(read_whole(folder / "a"), read_whole(folder / "b"));
  EXPECT_EQ(load_little<uint64_t>(read_whole(folder / "a").data()) % 8, 0U);
  const Safetensors file(folder / "a");
  for (const auto& [name, entry] : file.entries()) EXPECT_EQ(entry.begin % size_of(entry.dtype), 0U) << name;
}

TEST(Safetensors, PythonReadsItAndWeReadPythons) {
  const TemporaryFolder folder;
  write_safetensors(folder / "ours", views(all), notes);
  // bf16 has no numpy type of its own: it goes through the library's raw interface, as bits.
  std::string script = test::python_sample + R"(
import safetensors
folder = sys.argv[1]
CODE = dict(bool='BOOL', u8='U8', i8='I8', i16='I16', i32='I32', i64='I64', f16='F16', bf16='BF16', f32='F32', f64='F64')
with open(folder + '/ours', 'rb') as file: ours = dict(safetensors.deserialize(file.read()))
theirs = {}
def check(name, dtype, shape):
    expected = sample(dtype, shape)
    entry = ours[name]
    assert entry['dtype'] == CODE[dtype] and tuple(entry['shape']) == shape, entry
    assert bytes(entry['data']) == expected.tobytes(), name
    theirs[name] = dict(dtype=CODE[dtype], shape=shape, expected=expected)
)";
  for (const auto& [name, array] : many())
    script +=
        fmt::format("check('{}', '{}', {})\n", name, name_of(array.dtype), test::python_tuple(array.shape));
  script += R"(
assert set(ours) == set(theirs)
import json, safetensors.numpy
plain = {name: entry['expected'] for name, entry in theirs.items() if entry['dtype'] != 'BF16'}
safetensors.numpy.save_file(plain, folder + '/theirs', metadata={'format': 'np', 'quote"d': 'line\nfeed, é'})
with safetensors.safe_open(folder + '/ours', 'numpy') as file:
    assert file.metadata() == {'format': 'pt', 'quote"d': 'line\nfeed, é'}
    assert (file.get_tensor('f32_257x33') == theirs['f32_257x33']['expected']).all()
)";
  test::run_python(script, {folder.string()});
  const Safetensors file(folder / "theirs");
  std::map<std::string, Array> expected = many();
  std::erase_if(expected, [](const auto& named) { return named.second.dtype == DType::bf16; });
  EXPECT_EQ(file.read_all(), expected);
  EXPECT_EQ(file.metadata().at("quote\"d"), "line\nfeed, é");
}

TEST(Safetensors, RefusesDamage) {
  const TemporaryFolder folder;
  const std::map<std::string, Array> arrays{{"a", sample(DType::f32, {3})},
                                            {"b", sample(DType::boolean, {2, 2})}};
  write_safetensors(folder / "a", views(arrays), notes);
  const std::vector<std::byte> bytes = read_whole(folder / "a");
  test::expect_truncations_refused(bytes, [](auto part) { read_all(part); });
  test::expect_damage_survived(bytes, [](const auto& damaged) { read_all(damaged); });
}

TEST(Safetensors, SaysWhatIsWrong) {
  const auto header = [](const std::string& text, size_t size = 4) { return [=] { read_all(text, size); }; };
  const std::string a = R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]})";
  EXPECT_NO_THROW(read_all(a + "}", 4));

  expect_error("8 bytes that say how long", [] { read_all(as_bytes("short")); });
  expect_error("a header of at most 4 bytes, got 6434590815658398288",
               [] { read_all(as_bytes("PROBABLY ...")); });
  expect_error("a JSON object as header", header("no json"));
  expect_error("a JSON object as header", header("[]"));
  expect_error("a JSON object as header", header(std::string(50'000, '[')));
  expect_error("'a' twice", header(a + "," + a.substr(1) + "}"));
  expect_error("dtype, shape and data_offsets of 'a'", header(R"({"a":7})"));
  expect_error("dtype, shape and data_offsets of 'a'", header(R"({"a":{"dtype":"F32","shape":[1]}})"));
  expect_error("dtype, shape and data_offsets of 'a'",
               header(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}})"));
  expect_error("got 'C64' for 'a'", header(R"({"a":{"dtype":"C64","shape":[1],"data_offsets":[0,4]}})"));
  for (const char* const shape : {"7", "[-1]", "[1.5]", "[\"1\"]", "[9223372036854775808]", "{}"}) {
    expect_error("lists of counts as shape and offsets of 'a'",
                 header(fmt::format(R"({{"a":{{"dtype":"F32","shape":{},"data_offsets":[0,4]}}}})", shape)));
  }
  for (const char* const offsets : {"[0]", "[0,4,8]", "[4,0]", "[0,3]", "[]"}) {
    expect_error("offsets of 'a' that fit a F32 of shape 1",
                 header(fmt::format(R"({{"a":{{"dtype":"F32","shape":[1],"data_offsets":{}}}}})", offsets)));
  }
  expect_error("offsets of 'a' that fit",
               header(R"({"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}})"));
  const std::string b = R"(,"b":{"dtype":"F32","shape":[1],"data_offsets":)";
  expect_error("a gap or overlap", header(a + b + "[8,12]}}", 12));
  expect_error("a gap or overlap", header(a + b + "[2,6]}}", 6));
  expect_error("a gap or overlap", header(a + b + "[0,4]}}", 4));
  expect_error("expected 4 bytes of arrays, got 5", header(a + "}", 5));
  expect_error("expected 4 bytes of arrays, got 3", header(a + "}", 3));
  expect_error("a JSON object as __metadata__", header(R"({"__metadata__":7})", 0));
  expect_error("a string as 'k' of __metadata__", header(R"({"__metadata__":{"k":7}})", 0));
  std::string two = R"({"a":{"dtype":"BOOL","shape":[1],"data_offsets":[0,1]}})";
  two.insert(0, 1, static_cast<char>(two.size()));
  two.insert(1, 7, '\0');
  expect_error("0 or 1", [&] { read_all(as_bytes(two + '\2')); });
}

TEST(Safetensors, RefusesToWrite) {
  const TemporaryFolder folder;
  const std::map<std::string, Array> arrays{{"weight", sample(DType::f32, {300})}};
  write_safetensors(folder / "a", views(arrays));
  expect_error("try 'weight'", [&] { Safetensors(folder / "a").read("wieght"); });
  const Array one = sample(DType::f32, {1});
  expect_error("reserved", [&] { write_safetensors(folder / "a", {{"__metadata__", one}}); });
  expect_error("UTF-8", [&] { write_safetensors(folder / "a", {{"\xff", one}}); });
  const Array wrong{DType::u8, {3}, {std::byte{1}}};
  expect_error("shape 3, got 1 bytes", [&] { write_safetensors(folder / "a", {{"a", wrong}}); });
  expect_error("Not a directory", [&] { write_safetensors(folder / "a" / "b", views(arrays)); });
  {
    const test::FileSizeLimit limit(200);
    expect_error("File too large", [&] { write_safetensors(folder / "a", views(arrays)); });
  }
  EXPECT_EQ(Safetensors(folder / "a").read_all(), arrays);
}

}  // namespace
}  // namespace isthmus::io
