#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "isthmus/core/picture.hpp"
#include "isthmus/program/evaluation.hpp"
#include "isthmus/train/run_directory.hpp"

namespace isthmus::program {

/// Threads of the processor for all that follows; 0 takes all.
void use_threads(int64_t threads);

/// The subject that a run's metrics and pictures look at.
Subject subject_of(const train::Run& run, Split split);

/// Measures a run and keeps evaluation.json: figures measured now replace earlier ones of the same split,
/// others stay.
Evaluation evaluate_run(const train::Run& run, Split split, const std::vector<std::string>& names,
                        const MetricSettings& settings);

/// Draws every picture that exists for the run into its folder, and writes report.html. Returns the report's
/// path.
std::filesystem::path write_report(const train::Run& run);

/// Trains in `directory` from wherever `training` stands: progress on the terminal, checkpoints, logs,
/// previews. Ctrl-C saves the state and throws Interrupted.
void fit_in(const train::RunDirectory& directory, train::Training& training);

}  // namespace isthmus::program
