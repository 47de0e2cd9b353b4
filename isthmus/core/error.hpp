#pragma once

#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace isthmus {

/// The four parts of every message: who refuses, what it expected, what it got, and (optionally) what to try.
struct Complaint {
  std::string_view who;
  std::string expected;
  std::string got;
  std::string hint = {};
};

/// Thrown for everything a caller can mend. what() reads "[who] expected X, got Y; try Z".
///
///     throw Error({.who = "idx", .expected = "magic 0x00000803", .got = "0x00000801 in labels.gz"});
class Error : public std::runtime_error {
 public:
  explicit Error(const Complaint& complaint);
};

/// The words were wrong: an unknown name, a value out of range. The program exits with 2 instead of 1.
class UsageError : public Error {
 public:
  using Error::Error;
};

/// The work was stopped on request, its state saved. The program exits with 130.
class Interrupted : public Error {
 public:
  using Error::Error;
};

/// The member of `known` that is the fewest edits away from `word`; empty when none is near enough to be
/// meant.
std::string nearest(std::string_view word, std::span<const std::string> known);

/// A UsageError for a name that `known` lacks: names the nearest one, or lists them all.
///
///     throw unknown_name("isthmus", "model", "vea", names);   // … got 'vea'; try 'vae'
UsageError unknown_name(std::string_view who, std::string_view what, std::string_view word,
                        std::span<const std::string> known);

}  // namespace isthmus
