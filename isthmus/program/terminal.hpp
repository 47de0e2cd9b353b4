#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "isthmus/core/subject.hpp"
#include "isthmus/train/fit.hpp"

namespace isthmus::program {

/// What may be said besides results; `--quiet` turns it off. Progress goes to stderr, results to stdout.
void set_quiet(bool quiet);
bool quiet();

/// One line that is drawn over on a terminal, and printed plainly every 10 seconds when piped.
class ProgressLine {
 public:
  ProgressLine();
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  /// Whether enough time has passed since the last drawing.
  bool due() const;
  /// Whether anything stands on the terminal's line.
  bool drawn() const { return drawn_; }
  /// Characters that fit on the terminal's line; no limit when piped.
  size_t width() const;
  void show(const std::string& line);
  /// Leaves the line as it stands and goes to a new one.
  void end();

 private:
  bool terminal_;
  bool drawn_ = false;
  std::chrono::steady_clock::time_point last_;
};

/// "1:05" or "2:03:10".
std::string clock(double seconds);

/// A count with its thousands set apart: "24,000".
std::string thousands(int64_t count);

/// An observer that shows the stage (where there are several), step, share, rate, loss and time left.
train::Observer training_progress(const train::Training& training);

/// For long measures: "nll  ━━━━────  3,000/10,000 images  0:42 left".
Progress measuring_progress(std::string what);

}  // namespace isthmus::program
