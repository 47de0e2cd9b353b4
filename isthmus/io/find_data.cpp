#include "isthmus/io/find_data.hpp"

#include <cstdlib>
#include <system_error>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "isthmus/core/error.hpp"

namespace isthmus::io {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> candidates(std::string_view dataset, const fs::path& given,
                                 std::span<const fs::path> system_folders) {
  if (!given.empty()) return {given, given / dataset};
  std::vector<fs::path> folders;
  if (const char* const root = std::getenv("ISTHMUS_DATA"); root != nullptr && *root != '\0') {
    folders.push_back(fs::path(root) / dataset);
    folders.emplace_back(root);
  }
  if (const char* const home = std::getenv("HOME"); home != nullptr && *home != '\0')
    folders.push_back(fs::path(home) / ".local/share/isthmus" / dataset);
  folders.insert(folders.end(), system_folders.begin(), system_folders.end());
  return folders;
}

bool is_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

/// "", or what is wrong with the folder.
std::string lack(const fs::path& folder, std::span<const std::string> filenames) {
  std::error_code ignored;
  if (!fs::is_directory(folder, ignored)) return "no such folder";
  std::vector<std::string> missing;
  for (const std::string& filename : filenames)
    if (data_file(folder, filename).empty()) missing.push_back(filename);
  return missing.empty() ? "" : fmt::format("lacks {}", fmt::join(missing, ", "));
}

}  // namespace

fs::path find_data(std::string_view dataset, std::span<const std::string> filenames, const fs::path& given,
                   std::span<const fs::path> system_folders, std::string_view how_to_get) {
  std::vector<std::string> searched;
  for (const fs::path& folder : candidates(dataset, given, system_folders)) {
    const std::string what = lack(folder, filenames);
    if (what.empty()) return folder;
    searched.push_back(fmt::format("'{}' ({})", folder.string(), what));
  }
  throw Error(
      {.who = dataset,
       .expected = fmt::format("{} (or .gz of them)", fmt::join(filenames, ", ")),
       .got = fmt::format("none in {}",
                          searched.empty() ? "any folder" : fmt::format("{}", fmt::join(searched, ", "))),
       .hint = std::string(how_to_get)});
}

fs::path data_file(const fs::path& folder, const std::string& filename) {
  for (const char* const ending : {"", ".gz"})
    if (fs::path path = folder / (filename + ending); is_file(path)) return path;
  return {};
}

}  // namespace isthmus::io
