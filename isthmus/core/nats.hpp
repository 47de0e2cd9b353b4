#pragma once

#include "isthmus/core/metric.hpp"

namespace isthmus {

/// Says what the nats of a likelihood are of: x, or for a model that is told y what y leaves open of x. The
/// second count fewer pixels, or are of an easier question, and are not to be held against the first;
/// `open_pixels` is how many they are of.
inline void name_nats(const Subject& subject, Measurement& result) {
  const auto* conditional = subject.can<Conditional>();
  result.unit = conditional == nullptr ? "nats" : "nats given y";
  if (conditional != nullptr)
    result.more.emplace_back("open_pixels", (1 - conditional->given_part()).sum().item<double>());
}

}  // namespace isthmus
