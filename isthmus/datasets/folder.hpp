#pragma once

#include <string_view>

#include "isthmus/core/dataset.hpp"

/// PNG and JPEG files: `--data.path FOLDER`. The folder holds `train` (and `test`), or the images themselves.
/// Where images lie in subfolders, the subfolders next to the top are the classes; where none do, there are
/// no labels. Grey stays one channel, colours three. All must have one shape, unless `--data.size S` cuts the
/// largest square about the middle out of each and scales it to S×S. Order: the first image of every class by
/// name, then the second of every class, and so on, so that the front of the set is a fair sample of it.
namespace isthmus::datasets::folder {

inline constexpr std::string_view summary =
    "PNG and JPEG files, their subfolders as classes: --data.path FOLDER, and --data.size to scale them";
inline constexpr std::string_view how_to_get =
    "--data.path FOLDER with images, or with subfolders of images, or with `train` and `test` of either";

/// Reads and decodes everything. Throws UsageError without a path, Error when there is no image, one is
/// damaged or differs in shape, or a class of `test` is not in `train`.
Source open(const DataConfig& config);

}  // namespace isthmus::datasets::folder
