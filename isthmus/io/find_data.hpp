#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace isthmus::io {

/// The first folder that holds all of `filenames`, each as it is or with ".gz" after it. Where `given`
/// (--data.path) is not empty: it and `given`/dataset, and nothing else, lest other data than asked for be
/// taken in silence. Otherwise, in this order: $ISTHMUS_DATA/dataset, $ISTHMUS_DATA,
/// ~/.local/share/isthmus/dataset, `system_folders`. Throws Error that names every folder looked in, what
/// each lacks, and `how_to_get` ("apt install dataset-fashion-mnist").
std::filesystem::path find_data(std::string_view dataset, std::span<const std::string> filenames,
                                const std::filesystem::path& given,
                                std::span<const std::filesystem::path> system_folders,
                                std::string_view how_to_get);

/// `folder`/`filename`, or with ".gz" after it where only that is there; empty where neither is.
std::filesystem::path data_file(const std::filesystem::path& folder, const std::string& filename);

}  // namespace isthmus::io
