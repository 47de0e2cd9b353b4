#include "isthmus/io/atomic_file.hpp"

#include <cerrno>
#include <string>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "isthmus/io/bytes.hpp"
#include "isthmus/io/input.hpp"

#include "tests/support/errors.hpp"
#include "tests/support/temporary_folder.hpp"

namespace isthmus::io {
namespace {

using test::expect_error;
using test::TemporaryFolder;

size_t files_in(const TemporaryFolder& folder) {
  const std::filesystem::directory_iterator begin(folder.path());
  return static_cast<size_t>(std::distance(begin, std::filesystem::directory_iterator()));
}

TEST(AtomicFile, WritesAndReplaces) {
  const TemporaryFolder folder;
  write_whole(folder / "a", "old");
  write_whole(folder / "a", "");
  EXPECT_EQ(read_text(folder / "a"), "");
  const std::string large(3'000'001, 'x');
  write_whole(folder / "a", large);
  EXPECT_EQ(read_text(folder / "a"), large);
  EXPECT_EQ(as_text(read_whole(folder / "a")), large);
  EXPECT_EQ(files_in(folder), 1U);
}

TEST(AtomicFile, WritesBehindALink) {
  const TemporaryFolder folder;
  write_whole(folder / "target", "old");
  std::filesystem::create_symlink("target", folder / "link");
  write_whole(folder / "link", "new");
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "link"));
  EXPECT_EQ(read_text(folder / "target"), "new");
  std::filesystem::create_symlink("later", folder / "dangling");
  write_whole(folder / "dangling", "first");
  EXPECT_EQ(read_text(folder / "later"), "first");
}

TEST(AtomicFile, WritesIntoAPipeAndReplacesItNot) {
  const TemporaryFolder folder;
  const auto path = folder / "pipe";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  const int reader = ::open(path.c_str(), O_RDONLY | O_NONBLOCK);
  ASSERT_GE(reader, 0);
  write_whole(path, "text");
  std::string text(10, ' ');
  text.resize(static_cast<size_t>(::read(reader, text.data(), text.size())));
  ::close(reader);
  EXPECT_EQ(text, "text");
  EXPECT_TRUE(std::filesystem::is_fifo(path));
  EXPECT_EQ(files_in(folder), 1U);
}

TEST(AtomicFile, WritesToTheWorkingFolder) {
  const TemporaryFolder folder;
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  write_whole("bare_name", "text");
  std::filesystem::current_path(before);
  EXPECT_EQ(read_text(folder / "bare_name"), "text");
}

TEST(AtomicFile, ObeysTheUmask) {
  const TemporaryFolder folder;
  const mode_t before = ::umask(027);
  write_whole(folder / "a", "text");
  ::umask(before);
  struct stat status{};
  ASSERT_EQ(::stat((folder / "a").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0640U);
}

TEST(AtomicFile, WithoutCommitNothingHappened) {
  const TemporaryFolder folder;
  write_whole(folder / "a", "old");
  {
    AtomicFile file(folder / "a");
    file.write("new");
    EXPECT_EQ(files_in(folder), 2U);
    EXPECT_EQ(read_text(folder / "a"), "old");
  }
  EXPECT_EQ(read_text(folder / "a"), "old");
  EXPECT_EQ(files_in(folder), 1U);
}

TEST(AtomicFile, FullDiskKeepsTheOldFile) {
  const TemporaryFolder folder;
  write_whole(folder / "a", "old");
  {
    const test::FileSizeLimit limit(1000);
    expect_error("File too large", [&] { write_whole(folder / "a", std::string(1001, 'x')); });
    write_whole(folder / "b", std::string(1000, 'x'));
  }
  EXPECT_EQ(read_text(folder / "a"), "old");
  EXPECT_EQ(files_in(folder), 2U);
}

TEST(AtomicFile, NamesPathReasonAndRemedy) {
  const TemporaryFolder folder;
  write_whole(folder / "file", "text");
  expect_error("Not a directory", [&] { write_whole(folder / "file" / "below", "text"); });
  expect_error("making its folder first", [&] { write_whole(folder / "absent" / "below", "text"); });
  expect_error("Is a directory", [&] { write_whole(folder.path(), "text"); });
  expect_error((folder / "absent").string(), [&] { write_whole(folder / "absent" / "below", "text"); });
  EXPECT_EQ(files_in(folder), 1U);
  expect_error("No space left on device; try freeing space", [] { throw_unwritable("a", ENOSPC); });
  expect_error("Permission denied; try a folder that you may write to",
               [] { throw_unwritable("a", EACCES); });
}

TEST(AtomicFile, DeviceThatIsFull) {
  const int error = [] {
    std::FILE* const full = std::fopen("/dev/full", "w");
    const int result = write_fully(::fileno(full), as_bytes("text"));
    std::fclose(full);
    return result;
  }();
  EXPECT_EQ(error, ENOSPC);
}

}  // namespace
}  // namespace isthmus::io
