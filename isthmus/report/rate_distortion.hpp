#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace isthmus::report {

/// Where a run stands between what its code takes and what it leaves.
struct RateDistortionPoint {
  std::string label;  ///< "beta 4", "capacity 25" where there is one; else the folder's name
  double rate;        ///< nats an image
  double distortion;  ///< nats an image
  std::string model = {};
  std::string data = {};  ///< what was measured: data set, split, and how its pixels are read
  int64_t images = 0;     ///< of that split
};

/// Why a run's evaluation.json does not say; nullopt when it does.
std::optional<std::string> why_no_rate_distortion(const std::filesystem::path& run);

/// Reads a run's evaluation.json, and the beta of its recipe.toml. Throws Error when why_no_rate_distortion()
/// does not answer nullopt.
RateDistortionPoint read_rate_distortion(const std::filesystem::path& run);

/// The same of several runs, whose labels begin with the model where that is not the same for all. Throws
/// Error when two were measured on different data: their nats are no points of one curve.
std::vector<RateDistortionPoint> read_rate_distortions(const std::vector<std::filesystem::path>& runs);

}  // namespace isthmus::report
