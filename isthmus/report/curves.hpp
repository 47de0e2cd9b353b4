#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace isthmus::report {

/// One term of the loss, or one measure, over the steps of a training.
struct Series {
  std::string name;   ///< "loss", "kl"; "layer 1: loss" while one layer is trained
  std::string split;  ///< "train" or "validation"
  std::vector<std::pair<double, double>> points;  ///< (step, value), steps rising
};

/// Reads a run's metrics.jsonl: one object a line,
///
///     {"step": 100, "split": "train", "terms": {"loss": 240.1, "kl": 21.5}, "rate": 5210.0, "time": 1.9}
///
/// Lines of a training in stages (train/observers.hpp) give each layer its own series, by the steps within
/// that stage, and the whole model the plain names. Series come in the order in which they first appear,
/// those of layers after all others. A last line that is still being written is left out, as are values that
/// are not finite numbers. A step that comes again (a run resumed from an older checkpoint) replaces what was
/// there from that step on. Throws Error when the file is absent, or a line before the last is damaged.
std::vector<Series> read_curves(const std::filesystem::path& path);

}  // namespace isthmus::report
