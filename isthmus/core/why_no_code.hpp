#pragma once

#include <optional>
#include <string>

#include "isthmus/core/subject.hpp"

namespace isthmus {

/// Says so when the subject's model gives an example alone no code.
inline std::optional<std::string> why_no_code(const Subject& subject) {
  if (subject.can<Encoder>() != nullptr) return std::nullopt;
  if (subject.can<Conditional>() != nullptr)
    return "this model's codes are of an example and what is given of it, not of the example alone";
  return "this model has no encoder";
}

}  // namespace isthmus
