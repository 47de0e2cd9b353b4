#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "isthmus/core/picture.hpp"
#include "isthmus/program/evaluation.hpp"
#include "isthmus/program/words.hpp"
#include "isthmus/train/run_directory.hpp"

namespace isthmus::program {

/// Threads of the processor for all that follows; 0 takes all.
void use_threads(int64_t threads);

/// The subject that a run's metrics and pictures look at.
Subject subject_of(const train::Run& run, Split split);

/// Words of the command line: settings, each by its path and its text.
using Changes = std::vector<std::pair<std::string, std::string>>;

/// The words of a command that looks at a run: DIR, and --data.path where its data have moved.
class RunWords {
 public:
  void add_to(Words& words);
  const std::string& folder() const { return folder_; }
  train::Run open() const;

 private:
  std::string folder_;
  std::string data_path_;
};

/// The examples of `dataset` that a run's model is asked about: treated as its own were, and of its own data
/// set those that evaluate measures, unless `changes` say otherwise. Other data without a test split of their
/// own are one whole, unless `changes` give data.test.
Data examples_for(const train::Run& run, const std::string& dataset, const Changes& changes);

/// Measures a run.
Evaluation measure_run(const train::Run& run, Split split, const std::vector<std::string>& names,
                       const MetricSettings& settings);

/// Keeps a run's figures, in one file a split: they replace earlier ones, but a quick figure never one that
/// was measured in full; others stay.
void keep(const train::Run& run, const Evaluation& evaluation);

/// Both.
Evaluation evaluate_run(const train::Run& run, Split split, const std::vector<std::string>& names,
                        const MetricSettings& settings);

/// Draws every picture that exists for the run into its folder, and writes report.html. Returns the report's
/// path.
std::filesystem::path write_report(const train::Run& run);

/// Trains in `directory` from wherever `training` stands: progress on the terminal, checkpoints, logs,
/// previews. Ctrl-C saves the state and throws Interrupted.
void fit_in(const train::RunDirectory& directory, train::Training& training);

}  // namespace isthmus::program
