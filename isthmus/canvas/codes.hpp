#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "isthmus/core/subject.hpp"

namespace isthmus::canvas {

struct Codes {
  Tensor codes;                 ///< [n, code], float32, on the CPU
  std::vector<int64_t> labels;  ///< n of them, or none
};

/// The codes of the first `limit` examples of the subject's split (0: all). The model must be an Encoder.
Codes encode_examples(const Subject& subject, int64_t limit);

/// What the model has no codes for, when it has none: why, and the way out.
std::optional<std::string> no_codes(const Subject& subject);

}  // namespace isthmus::canvas
