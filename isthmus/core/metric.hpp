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
  /// Whether the settings ask for it, so that it is measured where no metric is named; true for most.
  std::function<bool(const Settings&)> asked = [](const Settings&) { return true; };
};

/// The settings of a quick measurement: Config::quick() where there is one, else the defaults.
template <Configurable Config>
Config quick_config() {
  if constexpr (requires { Config::quick(); })
    return Config::quick();
  else
    return {};
}

/// Config::asked() where there is one: a metric that needs to be told what to compare with.
template <Configurable Config>
bool is_asked(const Config& config) {
  if constexpr (requires { config.asked(); })
    return config.asked();
  else
    return true;
}

namespace metrics {
using Entry = MetricEntry;
const Menu<Entry>& menu();
}  // namespace metrics

}  // namespace isthmus
