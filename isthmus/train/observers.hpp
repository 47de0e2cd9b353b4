#pragma once

#include "isthmus/train/fit.hpp"
#include "isthmus/train/run_directory.hpp"

namespace isthmus::train {

/// Keeps the run directory's checkpoint.
Observer keep_checkpoints(const RunDirectory& directory);

/// Writes metrics.jsonl and TensorBoard event files: every `log_every` steps the mean of the terms since the
/// last line, and each validation. Lines after step `from`, left by a run that was killed, are removed first.
///
///     {"step": 100, "split": "train", "terms": {"loss": 240.1, …}, "rate": 52000.0, "time": 1.9}
Observer log_metrics(const RunDirectory& directory, int64_t from);

}  // namespace isthmus::train
