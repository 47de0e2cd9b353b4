#include "isthmus/io/jsonl.hpp"

#include <string>

#include <gtest/gtest.h>

#include "isthmus/io/atomic_file.hpp"
#include "isthmus/io/input.hpp"

#include "tests/support/errors.hpp"
#include "tests/support/temporary_folder.hpp"

namespace isthmus::io {
namespace {

using test::expect_error;
using test::TemporaryFolder;

TEST(LineLog, AppendsAcrossOpenings) {
  const TemporaryFolder folder;
  {
    LineLog log(folder / "a");
    log.append("one");
    log.append("");
    EXPECT_EQ(read_text(folder / "a"), "one\n\n");
  }
  LineLog(folder / "a").append("two");
  EXPECT_EQ(read_text(folder / "a"), "one\n\ntwo\n");
}

TEST(LineLog, TakesBackALineThatWasCutShort) {
  const TemporaryFolder folder;
  write_whole(folder / "a", "one\ntw");
  LineLog(folder / "a").append("two");
  EXPECT_EQ(read_text(folder / "a"), "one\ntwo\n");
  write_whole(folder / "a", "half");
  LineLog(folder / "a").append("whole");
  EXPECT_EQ(read_text(folder / "a"), "whole\n");
}

TEST(LineLog, FullDiskLeavesWholeLines) {
  const TemporaryFolder folder;
  LineLog log(folder / "a");
  log.append("one");
  {
    const test::FileSizeLimit limit(10);
    expect_error("File too large", [&] { log.append("a line that is too long"); });
  }
  EXPECT_EQ(read_text(folder / "a"), "one\n");
  log.append("two");
  EXPECT_EQ(read_text(folder / "a"), "one\ntwo\n");
}

TEST(LineLog, Refuses) {
  const TemporaryFolder folder;
  expect_error("a line feed within it", [&] { LineLog(folder / "a").append("one\ntwo"); });
  expect_error("Is a directory", [&] { LineLog(folder.path()); });
  expect_error("Not a directory", [&] { LineLog(folder / "a" / "b"); });
}

TEST(RewriteKeeping, KeepsWhatIsAskedFor) {
  const TemporaryFolder folder;
  write_whole(folder / "a", "1\n2\n\n3\n4 cut sh");
  rewrite_keeping(folder / "a", [](std::string_view line) { return line != "2"; });
  EXPECT_EQ(read_text(folder / "a"), "1\n\n3\n");
  rewrite_keeping(folder / "a", [](std::string_view) { return false; });
  EXPECT_EQ(read_text(folder / "a"), "");
  rewrite_keeping(folder / "absent", [](std::string_view) { return true; });
  EXPECT_FALSE(std::filesystem::exists(folder / "absent"));
}

}  // namespace
}  // namespace isthmus::io
