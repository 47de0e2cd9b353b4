#include "isthmus/datasets/mnist.hpp"

#include <gtest/gtest.h>

#include "isthmus/io/idx.hpp"

#include "tests/support/datasets.hpp"
#include "tests/support/environment.hpp"
#include "tests/support/errors.hpp"
#include "tests/support/temporary_folder.hpp"

namespace isthmus::datasets {
namespace {

/// Four files of the right sizes, all black; `train` of them to train on.
void write_black(const test::TemporaryFolder& folder, int64_t train) {
  const auto write = [&](const std::string& stem, int64_t count) {
    io::write_idx(folder / (stem + "-images-idx3-ubyte"),
                  io::make_array(std::vector<uint8_t>(static_cast<size_t>(count * 784)), {count, 28, 28}));
    io::write_idx(folder / (stem + "-labels-idx1-ubyte"),
                  io::make_array(std::vector<uint8_t>(static_cast<size_t>(count)), {count}));
  };
  write("train", train);
  write("t10k", 10'000);
}

TEST(Mnist, SaysHowToGetIt) {
  const test::TemporaryFolder empty;
  const test::EnvironmentVariable home("HOME", empty.string());
  const test::EnvironmentVariable data("ISTHMUS_DATA", empty.string());
  const std::string message = test::message_of([] { mnist::open({}); });
  EXPECT_NE(message.find("[mnist] expected train-images-idx3-ubyte"), std::string::npos) << message;
  EXPECT_NE(message.find("try `make mnist`"), std::string::npos) << message;
  EXPECT_NE(message.find(empty.string()), std::string::npos) << message;
}

TEST(Mnist, RefusesFilesThatAreAnotherDataSet) {
  const test::TemporaryFolder folder;
  write_black(folder, 60'000);
  test::expect_error("[mnist] expected data with checksum f3639b56",
                     [&] { mnist::open({.path = folder.string()}); });
  write_black(folder, 5);
  test::expect_error("expected 60000x28x28 images and 60000 labels, got 5x28x28 and 5",
                     [&] { mnist::open({.path = folder.string()}); });
}

TEST(Mnist, HoldsDigitsWhereItIsInstalled) {
  Source source;
  try {
    source = mnist::open({});
  } catch (const Error& error) {
    GTEST_SKIP() << error.what();
  }
  EXPECT_EQ(source.train->size(), 60'000);
  EXPECT_EQ(source.test->size(), 10'000);
  EXPECT_EQ(source.train->labels()[0], 5);
  EXPECT_EQ(source.test->labels()[0], 7);
  EXPECT_NEAR(cut("mnist", source, {.validation = 0}).spec().mean.mean().item<double>(), 0.1307, 0.002);
}

}  // namespace
}  // namespace isthmus::datasets
