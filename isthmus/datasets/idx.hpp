#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "isthmus/core/dataset.hpp"

/// Any images in the format of MNIST. `--data.path` is a file of images, or a folder of the four files of
/// MNIST and its kin (the test's two, and the labels, may be absent). A file of labels is found beside its
/// images by its name: "…images-idx3…" → "…labels-idx1…". Everything may be gzipped.
namespace isthmus::datasets::idx {

inline constexpr std::string_view summary = "images in the format of MNIST: --data.path FILE or FOLDER";
inline constexpr std::string_view how_to_get =
    "--data.path with a file of images, or a folder that holds train-images-idx3-ubyte (or .gz) and kin";

/// Throws UsageError without a path or with a size, Error when a file is absent or damaged.
Source open(const DataConfig& config);

/// A well-known set of MNIST's kin: 60,000 and 10,000 grey images of 28×28 in 10 classes.
struct Known {
  std::string_view name;
  std::vector<std::string> class_names;
  /// CRC-32 of all that follows the header: train images and labels, test images and labels.
  std::array<uint32_t, 4> checksums;
  std::vector<std::filesystem::path> system_folders;
  std::string_view how_to_get;
};

/// Looks for the four files where io::find_data looks. Throws Error when they are absent, or not the very
/// files.
Source open_known(const Known& known, const DataConfig& config);

}  // namespace isthmus::datasets::idx
