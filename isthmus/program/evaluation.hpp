#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "isthmus/core/metric.hpp"

namespace isthmus::program {

/// Settings of every metric of the menu, so that words like `--nll.draws 100` reach theirs.
class MetricSettings {
 public:
  /// `quick` starts from each metric's quick settings instead of its defaults.
  explicit MetricSettings(bool quick = false);
  bool quick() const { return quick_; }

  void set(std::string_view path, std::string_view text);
  const Settings& of(const MetricEntry& metric) const;
  Settings& of(const MetricEntry& metric);

 private:
  std::vector<std::pair<const MetricEntry*, Settings>> all_;
  bool quick_;
};

struct Evaluation {
  std::string model;
  std::string dataset;
  Split split;
  int64_t step;
  std::vector<std::pair<std::string, Measurement>> metrics;
  std::vector<std::pair<std::string, std::string>> left_out;  ///< names, and why each does not exist here
  bool quick = false;                                         ///< a first look, by fewer draws and examples
};

/// Measures `names`; when empty, every metric that applies and whose settings ask for it. Throws UsageError
/// for an unknown name, and for a named metric that does not exist for this model or data: the message says
/// why.
Evaluation evaluate(const Subject& subject, std::string_view model, int64_t step,
                    const std::vector<std::string>& names, const MetricSettings& settings);

/// {"model", "dataset", "split", "step", "metrics": {NAME: {"value", "standard_error", "unit", …}}}; each
/// metric of a quick look with "quick": true.
nlohmann::ordered_json to_json(const Evaluation& evaluation);

/// An aligned table: metric, value ± standard error, unit, further figures; then warnings.
std::string table(const Evaluation& evaluation);

/// 237.15 as "237.15", 3.2e-7 as "3.2e-07", 8 as "8".
std::string figure(double value);

}  // namespace isthmus::program
