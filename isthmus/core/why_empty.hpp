#pragma once

#include <optional>
#include <string>

#include "isthmus/core/subject.hpp"

namespace isthmus {

/// Says so, and what to do, when the subject's split holds no examples.
inline std::optional<std::string> why_empty(const Subject& subject) {
  if (subject.examples().size() > 0) return std::nullopt;
  const std::string split = enum_name(subject.split);
  return "the " + split + " split of " + subject.data.name +
         " holds no examples; choose another with --split" +
         (subject.split == Split::train ? "" : ", or set --data." + split + " above 0");
}

}  // namespace isthmus
