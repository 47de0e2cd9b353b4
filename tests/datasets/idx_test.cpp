#include "isthmus/datasets/idx.hpp"

#include <fstream>

#include <gtest/gtest.h>

#include "isthmus/io/idx.hpp"

#include "tests/support/datasets.hpp"
#include "tests/support/errors.hpp"
#include "tests/support/temporary_folder.hpp"

namespace isthmus::datasets {
namespace {

void write_images(const std::filesystem::path& path, int64_t count, uint8_t grey) {
  io::write_idx(path,
                io::make_array(std::vector<uint8_t>(static_cast<size_t>(count * 6), grey), {count, 2, 3}));
}

void write_labels(const std::filesystem::path& path, std::vector<uint8_t> labels) {
  io::write_idx(path, io::make_array(labels, {static_cast<int64_t>(labels.size())}));
}

TEST(Idx, ReadsTheFourFilesOfAFolder) {
  const test::TemporaryFolder folder;
  write_images(folder / "train-images-idx3-ubyte", 3, 255);
  write_labels(folder / "train-labels-idx1-ubyte", {4, 0, 9});
  write_images(folder / "t10k-images-idx3-ubyte", 2, 51);
  write_labels(folder / "t10k-labels-idx1-ubyte", {1, 2});
  const Source source = idx::open({.path = folder.string()});
  EXPECT_EQ(source.train->size(), 3);
  EXPECT_EQ(source.train->shape(), (Shape{1, 2, 3}));
  EXPECT_EQ(source.train->labels()[2], 9);
  EXPECT_EQ(test::values_of(*source.train)[0], 1.F);
  ASSERT_TRUE(source.test);
  EXPECT_EQ(source.test->size(), 2);
  EXPECT_EQ(test::values_of(*source.test)[0], 51 / 255.F);
}

TEST(Idx, DoesWithoutTestAndLabels) {
  const test::TemporaryFolder folder;
  write_images(folder / "train-images-idx3-ubyte", 3, 255);
  const Source source = idx::open({.path = folder.string()});
  EXPECT_FALSE(source.test);
  EXPECT_TRUE(source.train->labels().empty());
}

TEST(Idx, FindsLabelsBesideAFile) {
  const test::TemporaryFolder folder;
  write_images(folder / "cats-images-idx3-ubyte", 3, 255);
  write_labels(folder / "cats-labels-idx1-ubyte", {1, 0, 1});
  write_images(folder / "dogs", 3, 255);
  EXPECT_EQ(idx::open({.path = folder / "cats-images-idx3-ubyte"}).train->labels().size(), 3U);
  EXPECT_TRUE(idx::open({.path = folder / "dogs"}).train->labels().empty());
}

TEST(Idx, RefusesBadFiles) {
  const test::TemporaryFolder folder;
  const auto open = [&](const char* name) { idx::open({.path = folder / name}); };
  test::expect_error("absent", [&] { open("absent"); });
  test::expect_error("expected train-images-idx3-ubyte", [&] { idx::open({.path = folder.string()}); });

  write_images(folder / "whole", 3, 255);
  std::filesystem::copy_file(folder / "whole", folder / "truncated");
  std::filesystem::resize_file(folder / "truncated", 20);
  test::expect_error("truncated", [&] { open("truncated"); });

  std::ofstream(folder / "text") << "these are no images at all";
  test::expect_error("magic number", [&] { open("text"); });

  write_labels(folder / "labels", {1, 2, 3});
  test::expect_error("magic 0x00000803", [&] { open("labels"); });

  write_images(folder / "two-images-idx3", 3, 255);
  write_labels(folder / "two-labels-idx1", {1, 2});
  test::expect_error("expected 3 labels, one an example, got 2", [&] { open("two-images-idx3"); });
}

TEST(Idx, RefusesSizesAndNoPath) {
  test::expect_error("[idx] expected a file or folder, got an empty --data.path; try --data.path",
                     [] { idx::open({}); });
  test::expect_error("[idx] expected --data.size 0", [] { idx::open({.path = "x", .size = 8}); });
}

}  // namespace
}  // namespace isthmus::datasets
