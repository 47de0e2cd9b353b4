#include "isthmus/io/folder_lock.hpp"

#include <optional>

#include <gtest/gtest.h>

#include "tests/support/errors.hpp"
#include "tests/support/temporary_folder.hpp"

namespace isthmus::io {
namespace {

TEST(FolderLock, KeepsOthersOutUntilItGoes) {
  const test::TemporaryFolder folder;
  std::optional<FolderLock> first(folder / ".");
  EXPECT_FALSE(first->taken());
  EXPECT_TRUE(FolderLock(folder / ".").taken());
  first.reset();
  EXPECT_FALSE(FolderLock(folder / ".").taken());
}

TEST(FolderLock, NeedsAFolder) {
  const test::TemporaryFolder folder;
  test::expect_error("to open the folder", [&] { FolderLock(folder / "nowhere"); });
}

}  // namespace
}  // namespace isthmus::io
