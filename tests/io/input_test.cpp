#include "isthmus/io/input.hpp"

#include <gtest/gtest.h>

#include "isthmus/io/atomic_file.hpp"
#include "isthmus/io/bytes.hpp"

#include "tests/support/errors.hpp"
#include "tests/support/temporary_folder.hpp"

namespace isthmus::io {
namespace {

using test::expect_error;
using test::TemporaryFolder;

TEST(Input, RefusesWhatIsNoFile) {
  const TemporaryFolder folder;
  expect_error("No such file", [&] { read_whole(folder / "absent"); });
  expect_error("a folder", [&] { read_whole(folder.path()); });
  expect_error("not a regular file", [] { read_whole("/dev/null"); });
}

TEST(Input, RefusesToReadBeyondTheEnd) {
  const TemporaryFolder folder;
  write_whole(folder / "a", "0123456789");
  const FileInput file(folder / "a");
  const MemoryInput memory(as_bytes("0123456789"));
  for (const Input* const input : {static_cast<const Input*>(&file), static_cast<const Input*>(&memory)}) {
    EXPECT_EQ(as_text(input->bytes_at(3, 4)), "3456");
    EXPECT_EQ(input->bytes_at(10, 0).size(), 0U);
    expect_error("truncated", [&] { input->bytes_at(3, 8); });
    expect_error("truncated", [&] { input->bytes_at(11, 0); });
    expect_error("truncated", [&] { input->bytes_at(1, ~uint64_t{0}); });
  }
}

}  // namespace
}  // namespace isthmus::io
