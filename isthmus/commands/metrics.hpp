#pragma once

#include "isthmus/core/metric.hpp"
#include "isthmus/program/catalogue.hpp"

namespace isthmus::commands::metrics {

inline constexpr std::string_view summary = "list the metrics, or show one with its settings";

inline int run(std::span<const std::string> words) {
  return program::show_menu("metrics", summary, isthmus::metrics::menu(), words,
                            program::entry_text<MetricEntry>, program::entry_json<MetricEntry>);
}

}  // namespace isthmus::commands::metrics
