#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "isthmus/core/menu.hpp"
#include "isthmus/core/settings.hpp"
#include "isthmus/core/subject.hpp"

namespace isthmus {

struct Measurement {
  double value;
  std::optional<double> standard_error;
  std::string unit;                                       ///< "nats", "units", "%"
  std::vector<std::pair<std::string, double>> more = {};  ///< further figures by name
  std::vector<std::string> warnings = {};  ///< why the figure should not be trusted, where it should not
};

/// One line of the menu of metrics: made by CMake from metrics/NAME.hpp, which holds `summary`, Config,
/// `std::optional<std::string> why_not(const Subject&)` and `Measurement measure(const Subject&, const
/// Config&)`.
struct MetricEntry {
  std::string_view name;
  std::string_view summary;
  Settings defaults;  ///< paths begin with the metric's name: "nll.draws"
  Settings quick;     ///< for a first look, after a training: Config::quick() where the Config has one
  /// Why this metric does not exist for this model or data; nullopt when it does.
  std::function<std::optional<std::string>(const Subject&)> why_not;
  std::function<Measurement(const Subject&, const Settings&)> measure;
};

/// The settings of a quick measurement: Config::quick() where there is one, else the defaults.
template <Configurable Config>
Config quick_config() {
  if constexpr (requires { Config::quick(); })
    return Config::quick();
  else
    return {};
}

namespace metrics {
using Entry = MetricEntry;
const Menu<Entry>& menu();
}  // namespace metrics

}  // namespace isthmus
