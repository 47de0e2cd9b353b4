#pragma once

#include <string_view>

#include "isthmus/core/dataset.hpp"

/// White sprites on black, made as the program runs: every combination of shape (square, ellipse, heart), 6
/// scales, 40 rotations and 32 × 32 positions, 737,280 binary images in the order of dSprites (Matthey et al.
/// 2017, https://github.com/google-deepmind/dsprites-dataset): shape changes slowest, y fastest. Scales run
/// from 0.5 to 1, rotations from 0 to 2π, both ends included (so the last rotation is the first, as there).
/// Images are 64×64, or 32×32 with `--data.size 32`; no sprite is cut off by the border. The label is the
/// shape.
namespace isthmus::datasets::sprites {

inline constexpr std::string_view summary =
    "squares, ellipses and hearts in every scale, rotation and place: 737,280 binary images, as dSprites";
inline constexpr std::string_view how_to_get = "nothing: it is made as the program runs";

/// Throws UsageError for a size other than 64, 32 or 0, and for a path.
Source open(const DataConfig& config);

}  // namespace isthmus::datasets::sprites
