#pragma once

#include <tuple>

#include "isthmus/core/field.hpp"
#include "isthmus/core/noise.hpp"

namespace isthmus::nn {

/// masking: that share of the inputs becomes 0. salt_pepper: that share becomes 0 or 1, each half of the
/// time. gaussian: N(0, level²) is added to every input.
enum class CorruptionKind { masking, gaussian, salt_pepper };

/// What damages an input before a model must recover it (Vincent et al. 2010, section 3.3). A Config takes it
/// in by inlined<&Config::corruption>().
struct Corruption {
  CorruptionKind corruption = CorruptionKind::masking;
  double level = 0.25;

  static constexpr auto fields() {
    return std::tuple{
        field<&Corruption::corruption>(
            "masking sets inputs to 0, salt_pepper to 0 or 1; gaussian adds noise"),
        field<&Corruption::level>(
            "share of the inputs that is lost (exact in every example), or the standard "
            "deviation of the noise",
            non_negative),
    };
  }
};

/// Throws UsageError when masking or salt_pepper is to hit a share above 1.
void check(const Corruption& corruption);

/// [rows, …] → the same shape, a damaged copy; row b takes row b of `noise`. Masking and salt_pepper hit
/// exactly round(level · inputs) of each row's inputs. Throws what check() throws.
Tensor corrupt(const Tensor& x, const Corruption& corruption, Noise& noise);

}  // namespace isthmus::nn
