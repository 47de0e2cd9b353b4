#include "isthmus/train/observers.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "isthmus/io/input.hpp"
#include "isthmus/train/fit.hpp"
#include "isthmus/train/run_directory.hpp"

#include "tests/support/small_recipe.hpp"
#include "tests/support/temporary_folder.hpp"

namespace isthmus::train {
namespace {

using test::small_recipe;

TEST(Observers, LogEveryTenStepsAndForgetThoseOfAKilledRun) {
  const test::TemporaryFolder folder;
  const RunDirectory directory = RunDirectory::create(folder / "run", small_recipe(), false);
  Training training(small_recipe());
  fit(training, {keep_checkpoints(directory), log_metrics(directory, 0)});
  const auto lines = [&] {
    const std::string text = io::read_text(directory.metrics());
    return std::count(text.begin(), text.end(), '\n');
  };
  EXPECT_EQ(lines(), 4 + 2);  // four of training, two of validation
  log_metrics(directory, 15);
  EXPECT_EQ(lines(), 1);
}

}  // namespace
}  // namespace isthmus::train
