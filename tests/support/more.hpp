#pragma once

#include <string_view>

#include <gtest/gtest.h>

#include "isthmus/core/metric.hpp"

namespace isthmus::testing {

/// The further figure of this name; fails the test and is NaN when there is none.
inline double more(const Measurement& measurement, std::string_view name) {
  for (const auto& [key, value] : measurement.more)
    if (key == name) return value;
  ADD_FAILURE() << "no further figure " << name;
  return std::nan("");
}

inline bool has_more(const Measurement& measurement, std::string_view name) {
  for (const auto& line : measurement.more)
    if (line.first == name) return true;
  return false;
}

/// Whether a text is there and holds all of `words`.
inline ::testing::AssertionResult says(const std::optional<std::string>& text,
                                       std::initializer_list<std::string_view> words) {
  if (!text) return ::testing::AssertionFailure() << "nothing was said";
  for (const std::string_view word : words)
    if (text->find(word) == std::string::npos)
      return ::testing::AssertionFailure() << "no '" << word << "' in: " << *text;
  return ::testing::AssertionSuccess();
}

}  // namespace isthmus::testing
