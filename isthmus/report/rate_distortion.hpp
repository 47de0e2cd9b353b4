#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace isthmus::report {

/// Where a run stands between what its code takes and what it leaves.
struct RateDistortionPoint {
  std::string label;  ///< "beta 4", "capacity 25" where there is one; else the folder's name
  double rate;        ///< nats an image
  double distortion;  ///< nats an image
};

/// Why a run's evaluation.json does not say; nullopt when it does.
std::optional<std::string> why_no_rate_distortion(const std::filesystem::path& run);

/// Reads a run's evaluation.json, and the beta of its recipe.toml. Throws Error when why_no_rate_distortion()
/// does not answer nullopt.
RateDistortionPoint read_rate_distortion(const std::filesystem::path& run);

}  // namespace isthmus::report
