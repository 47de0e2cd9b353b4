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
///
/// A training in several stages says after "step" which stage it was and how far within it:
/// "stage": "layer 1", "stage_step": 50. No line's mean is over two stages.
Observer log_metrics(const RunDirectory& directory, int64_t from);

}  // namespace isthmus::train
