#pragma once

#include <string_view>

#include "isthmus/core/dataset.hpp"

/// Arrays of numpy: `--data.path FILE.npz`.
///
/// Examples: `x_train` (and `x_test`), else one of `x`, `images`, `imgs`, `arr_0`. Their first dimension
/// counts them. The others are an example's shape: [N, height, width] is grey; [N, height, width, 1 or 3] has
/// the channels last, unless the second dimension is 1 or 3 ([N, channels, height, width]); everything else
/// stays as it is ([N, D] are vectors of D). Values: u8 is divided by 255, but bytes of 0 and 1 alone, and
/// booleans, are taken as they are; so are f32 and f64, whatever their range. Labels (integers, optional):
/// `y_train`, `y_test`; `y` or `labels`. Factors (integers [N, factors], optional, for a set without a test
/// of its own): `factors`, or `latents_classes` as in dSprites' own file.
namespace isthmus::datasets::npz {

inline constexpr std::string_view summary =
    "arrays of numpy, x and y, or x_train, y_train, x_test, y_test: --data.path FILE";
inline constexpr std::string_view how_to_get =
    "--data.path FILE.npz, written by numpy.savez(\"FILE.npz\", x=images, y=labels)";

/// Throws UsageError without a path or with a size, Error when the file is absent, damaged, or lacks such
/// arrays.
Source open(const DataConfig& config);

}  // namespace isthmus::datasets::npz
