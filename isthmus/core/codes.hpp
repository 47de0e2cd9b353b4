#pragma once

#include <cstdint>

#include "isthmus/core/subject.hpp"

namespace isthmus {

/// What an encoder makes of a split.
struct Codes {
  Tensor code;         ///< [n, code], float32, on the CPU
  Tensor labels = {};  ///< [n], int64; undefined when the examples have none
};

/// Encodes the subject's split in order, up to `limit` examples (0: all). Progress is reported in
/// images. Throws UsageError when the model is no Encoder.
Codes encode_split(const Subject& subject, int64_t limit = 0);

}  // namespace isthmus
