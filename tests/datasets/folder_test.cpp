#include "isthmus/datasets/folder.hpp"

#include <fstream>

#include <gtest/gtest.h>

#include "isthmus/io/png.hpp"

#include "tests/support/datasets.hpp"
#include "tests/support/errors.hpp"
#include "tests/support/temporary_folder.hpp"

namespace isthmus::datasets {
namespace {

class FolderDatasets : public testing::Test {
 protected:
  void write(const std::string& name, const io::Image& image) {
    std::filesystem::create_directories((folder_ / name).parent_path());
    io::write_png(folder_ / name, image);
  }
  /// 2×2 pixels of one grey.
  void write(const std::string& name, uint8_t grey) { write(name, {2, 2, 1, std::vector<uint8_t>(4, grey)}); }
  Source open(int64_t size = 0) const { return folder::open({.path = folder_.string(), .size = size}); }

  const test::TemporaryFolder folder_;
};

/// The first pixel of every example, 0 to 255.
std::vector<int64_t> greys(const Dataset& set) {
  const std::vector<float> values = test::values_of(set);
  std::vector<int64_t> first;
  for (size_t i = 0; i < values.size(); i += static_cast<size_t>(elements(set.shape())))
    first.push_back(std::lround(values[i] * 255));
  return first;
}

TEST_F(FolderDatasets, AFlatFolderHasNoLabels) {
  write("b.png", 20);
  write("a.PNG", 10);
  std::ofstream(folder_ / "notes.txt") << "passed over";
  const Source source = open();
  EXPECT_FALSE(source.test);
  EXPECT_EQ(source.train->shape(), (Shape{1, 2, 2}));
  EXPECT_EQ(greys(*source.train), (std::vector<int64_t>{10, 20}));
  EXPECT_TRUE(source.train->labels().empty());
  EXPECT_TRUE(source.train->class_names().empty());
}

TEST_F(FolderDatasets, SubfoldersAreClassesInTurn) {
  write("cat/2.png", 2);
  write("cat/1.png", 1);
  write("cat/old/3.png", 3);
  write("dog/1.png", 11);
  const auto set = open().train;
  EXPECT_EQ(set->class_names(), (std::vector<std::string>{"cat", "dog"}));
  EXPECT_EQ(greys(*set), (std::vector<int64_t>{1, 11, 2, 3}));
  EXPECT_TRUE(std::ranges::equal(set->labels(), std::vector<int64_t>{0, 1, 0, 0}));
}

TEST_F(FolderDatasets, TakesTrainAndTest) {
  write("train/cat/1.png", 1);
  write("train/dog/1.png", 2);
  write("test/dog/1.png", 3);
  const Source source = open();
  ASSERT_TRUE(source.test);
  EXPECT_EQ(greys(*source.test), (std::vector<int64_t>{3}));
  EXPECT_EQ(source.test->labels()[0], 1);
  write("test/cow/1.png", 3);
  test::expect_error("expected the classes of `train` (cat, dog), got 'cow'", [&] { open(); });
}

TEST_F(FolderDatasets, PutsChannelsFirst) {
  write("a.png", io::Image{1, 2, 3, {1, 2, 3, 4, 5, 6}});
  const auto set = open().train;
  EXPECT_EQ(set->shape(), (Shape{3, 1, 2}));
  std::vector<float> expected;
  for (const int v : {1, 4, 2, 5, 3, 6}) expected.push_back(static_cast<float>(v) / 255.F);
  EXPECT_EQ(test::values_of(*set), expected);
}

TEST_F(FolderDatasets, ScalesToASize) {
  write("a.png", 10);
  write("wide.png", {4, 8, 1, std::vector<uint8_t>(32, 60)});
  test::expect_error("expected images of 1x2x2 as", [&] { open(); });
  test::expect_error("try --data.size S", [&] { open(); });
  const auto set = open(3).train;
  EXPECT_EQ(set->shape(), (Shape{1, 3, 3}));
  EXPECT_EQ(greys(*set), (std::vector<int64_t>{10, 60}));
}

TEST_F(FolderDatasets, RefusesBadFolders) {
  test::expect_error("expected images (.png, .jpg, .jpeg), got none", [&] { open(); });
  write("a.png", 1);
  write("cat/a.png", 1);
  test::expect_error("all in subfolders, their classes, or all in none, got both", [&] { open(); });
  std::filesystem::remove_all(folder_ / "cat");
  write("colour.png", io::Image{2, 2, 3, std::vector<uint8_t>(12)});
  test::expect_error("making all of them grey", [&] { open(); });
  std::ofstream(folder_ / "colour.png", std::ios::trunc) << "no image";
  test::expect_error("colour.png", [&] { open(); });
  test::expect_error("which is none", [&] { folder::open({.path = folder_ / "absent"}); });
  test::expect_error("an empty --data.path", [] { folder::open({}); });
}

}  // namespace
}  // namespace isthmus::datasets
