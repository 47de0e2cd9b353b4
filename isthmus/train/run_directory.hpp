#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "isthmus/io/folder_lock.hpp"
#include "isthmus/train/training.hpp"

namespace isthmus::train {

/// The folder that a training leaves: where each of its files is, and the rules for making one.
class RunDirectory {
 public:
  /// A new folder for `recipe`. Throws UsageError when `path` holds anything already, unless `force`, which
  /// removes an earlier run's files (and nothing else).
  static RunDirectory create(const std::filesystem::path& path, const Recipe& recipe, bool force);

  /// The folder of an earlier run. Throws UsageError when there is none.
  static RunDirectory open(const std::filesystem::path& path);

  /// For whoever trains in it: throws UsageError when another process does.
  std::unique_ptr<io::FolderLock> lock() const;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path recipe() const { return path_ / "recipe.toml"; }
  std::filesystem::path weights() const { return path_ / "model.safetensors"; }
  std::filesystem::path state() const { return path_ / "state.safetensors"; }
  std::filesystem::path metrics() const { return path_ / "metrics.jsonl"; }
  std::filesystem::path facts() const { return path_ / "run.json"; }
  std::filesystem::path evaluation(Split split = Split::test) const;  ///< one file a split
  std::filesystem::path report() const { return path_ / "report.html"; }
  std::filesystem::path pictures() const { return path_ / "pictures"; }
  std::filesystem::path previews() const { return path_ / "previews"; }

 private:
  explicit RunDirectory(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

/// Writes state.safetensors, then model.safetensors and run.json.
void save(const RunDirectory& directory, const Training& training);

/// A trained model, ready to be measured.
struct Run {
  RunDirectory directory;
  Recipe recipe;
  Data data;
  std::shared_ptr<Model> model;
  int64_t step;
};

/// Throws UsageError when the data of `recipe` are named and gone, or `data` are others than the folder's run
/// was trained on.
void check_data(const RunDirectory& directory, const Recipe& recipe);
void check_data(const RunDirectory& directory, const Data& data);

/// Reads a run, with its data from `data_path` unless that is empty. Throws UsageError when `path` holds none
/// or its data are gone or others, Error when it has no checkpoint yet or a file is damaged.
Run open_run(const std::filesystem::path& path, const std::string& data_path = {});

/// The same for whoever asks the model alone: the run's data hold no examples, and need not be there. Reads
/// them all the same where an earlier isthmus did not write down of what kind they are.
Run open_model(const std::filesystem::path& path);

}  // namespace isthmus::train
