#include "isthmus/train/run_directory.hpp"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "isthmus/io/atomic_file.hpp"
#include "isthmus/train/checkpoint.hpp"

#include "tests/support/errors.hpp"
#include "tests/support/small_recipe.hpp"
#include "tests/support/temporary_folder.hpp"

namespace isthmus::train {
namespace {

using test::small_recipe;

TEST(RunDirectory, RefusesAFolderInUse) {
  const test::TemporaryFolder folder;
  const auto make = [&](bool force) { RunDirectory::create(folder / "run", small_recipe(), force); };
  make(false);
  test::expect_error("which holds a run; try --resume", [&] { make(false); });
  std::ofstream(folder / "run/notes.txt") << "mine";
  make(true);
  EXPECT_TRUE(std::filesystem::exists(folder / "run/notes.txt")) << "only a run's own files are replaced";
  std::filesystem::create_directories(folder / "other");
  std::ofstream(folder / "other/notes.txt") << "mine";
  test::expect_error("which holds other things",
                     [&] { RunDirectory::create(folder / "other", small_recipe(), true); });
}

TEST(RunDirectory, AnUnwritablePathIsNamed) {
  const test::TemporaryFolder folder;
  std::ofstream(folder / "file") << "not a folder";
  test::expect_error("to make the folder",
                     [&] { RunDirectory::create(folder / "file/run", small_recipe(), false); });
}

TEST(RunDirectory, AFolderWithoutARunIsNamed) {
  const test::TemporaryFolder folder;
  test::expect_error("which does not exist", [&] { open_run(folder / "nowhere"); });
  RunDirectory::create(folder / "fresh", small_recipe(), false);
  test::expect_error("got none yet; try isthmus train --resume", [&] { open_run(folder / "fresh"); });
}

TEST(RunDirectory, AModelOpensWithoutItsDataAndOtherDataAreRefused) {
  const test::TemporaryFolder folder;
  Recipe recipe = small_recipe();
  const auto directory = RunDirectory::create(folder / "run", recipe, false);
  const Training training(recipe);
  save(directory, training);
  const auto run = open_model(folder / "run");
  EXPECT_EQ(run.data.train->size(), 0);
  EXPECT_EQ(run.data.train->shape(), training.data().train->shape());
  EXPECT_EQ(run.data.classes(), training.data().classes());
  EXPECT_EQ(run.data.train->binary(), training.data().train->binary());
  for (const auto& [name, tensor] : state_of(training.model()))
    EXPECT_TRUE(tensor.equal(state_of(*run.model).at(name))) << name;

  EXPECT_EQ(open_run(folder / "run").data.train->size(), training.data().train->size());
  recipe.set("data.limit", "200");
  io::write_whole(directory.recipe(), recipe.toml());
  test::expect_error("expected the data that '", [&] { open_run(folder / "run"); });
}

}  // namespace
}  // namespace isthmus::train
