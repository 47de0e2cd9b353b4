#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace isthmus {

/// A number that may change over training steps (never epochs), written as text:
///
///     1e-3                              the same at every step
///     0:0, 10000:4                      in a straight line from 0 to 4 by step 10,000; 4 from then on
///     0:1e-3, 12000=3e-4, 19200=1e-4    held, with jumps at steps 12,000 and 19,200
///
/// ':' arrives at its value along a straight line from the knot before; '=' holds the value before and jumps.
class Schedule {
 public:
  Schedule(double constant);  // NOLINT(google-explicit-constructor): a number is a schedule

  /// Throws UsageError when `text` is not of the form above, its first step is not 0, or its steps do not
  /// rise.
  static Schedule parse(std::string_view text);

  double at(int64_t step) const;
  double last() const { return knots_.back().value; }  ///< where it ends
  double least() const;
  double greatest() const;

  /// The text that parse() turns back into this schedule exactly.
  std::string text() const;

  bool operator==(const Schedule&) const = default;

 private:
  struct Knot {
    int64_t step;
    double value;
    bool jump;
    bool operator==(const Knot&) const = default;
  };
  explicit Schedule(std::vector<Knot> knots) : knots_(std::move(knots)) {}
  std::vector<Knot> knots_;  // never empty; steps rise; the first is 0
};

}  // namespace isthmus
