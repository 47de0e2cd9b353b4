#pragma once

#include <fmt/format.h>

#include "isthmus/program/trained.hpp"
#include "isthmus/program/words.hpp"

namespace isthmus::commands::report {

inline constexpr std::string_view summary =
    "write a run's report.html anew: figures, curves, pictures, settings";

inline int run(std::span<const std::string> given) {
  std::string folder;
  program::Words words("report", summary);
  words.positional("DIR", folder, "folder of a run");
  words.examples("Example:\n  isthmus report runs/first\n");
  if (!words.parse(given)) return 0;
  fmt::print("{}\n", program::write_report(isthmus::train::open_run(folder)).string());
  return 0;
}

}  // namespace isthmus::commands::report
