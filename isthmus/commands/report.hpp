#pragma once

#include <fmt/format.h>

#include "isthmus/program/trained.hpp"
#include "isthmus/program/words.hpp"

namespace isthmus::commands::report {

inline constexpr std::string_view summary =
    "write a run's report.html anew: figures, curves, pictures, settings";

inline int run(std::span<const std::string> given) {
  program::RunWords run;
  program::Words words("report", summary);
  run.add_to(words);
  words.examples("Example:\n  isthmus report runs/first\n");
  if (!words.parse(given)) return 0;
  fmt::print("{}\n", program::write_report(run.open()).string());
  return 0;
}

}  // namespace isthmus::commands::report
