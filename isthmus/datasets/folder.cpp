#include "isthmus/datasets/folder.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <map>
#include <tuple>
#include <utility>

#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "isthmus/core/error.hpp"
#include "isthmus/core/memory_dataset.hpp"
#include "isthmus/io/image.hpp"
#include "isthmus/io/resize.hpp"

namespace isthmus::datasets::folder {
namespace {

namespace fs = std::filesystem;

bool is_image(const fs::path& path) {
  if (path.filename().string().starts_with('.')) return false;  // what systems leave beside images
  std::string ending = path.extension().string();
  std::ranges::transform(ending, ending.begin(), [](unsigned char c) { return std::tolower(c); });
  return ending == ".png" || ending == ".jpg" || ending == ".jpeg";
}

/// The images of a split, by class and sorted by name; the class of those beside the classes is "".
using Classes = std::map<std::string, std::vector<fs::path>>;

Classes find_images(const fs::path& top) {
  Classes classes;
  for (const fs::directory_entry& entry :
       fs::recursive_directory_iterator(top, fs::directory_options::follow_directory_symlink)) {
    if (!entry.is_regular_file() || !is_image(entry.path())) continue;
    const fs::path below = entry.path().lexically_relative(top);
    const bool classless = std::next(below.begin()) == below.end();
    classes[classless ? "" : below.begin()->string()].push_back(entry.path());
  }
  if (classes.empty())
    throw Error({.who = "folder",
                 .expected = "images (.png, .jpg, .jpeg)",
                 .got = fmt::format("none in '{}'", top.string()),
                 .hint = std::string(how_to_get)});
  if (classes.size() > 1 && classes.contains(""))
    throw Error({.who = "folder",
                 .expected = "images either all in subfolders, their classes, or all in none",
                 .got = fmt::format("both, such as '{}'", classes[""].front().string()),
                 .hint = "moving the images of the top into a subfolder"});
  for (auto& [name, files] : classes) std::ranges::sort(files);
  return classes;
}

struct Entry {
  fs::path path;
  int64_t label;
};

std::vector<Entry> interleave(const Classes& classes, const std::vector<std::string>& names) {
  std::vector<std::tuple<size_t, int64_t, fs::path>> places;
  for (const auto& [name, files] : classes) {
    const auto found = std::ranges::find(names, name);
    if (found == names.end())
      throw Error({.who = "folder",
                   .expected = fmt::format("the classes of `train` ({})", fmt::join(names, ", ")),
                   .got = fmt::format("'{}' in '{}'", name, files.front().parent_path().string())});
    for (size_t i = 0; i < files.size(); ++i) places.emplace_back(i, found - names.begin(), files[i]);
  }
  std::ranges::sort(places);
  std::vector<Entry> entries;
  entries.reserve(places.size());
  for (auto& [place, label, path] : places) entries.push_back({std::move(path), label});
  return entries;
}

io::Image read(const fs::path& path, int64_t size) {
  io::Image image = io::read_image(path);
  return size == 0 ? image : io::resize(io::centre_square(image), size, size);
}

std::shared_ptr<const Dataset> read_split(const std::vector<Entry>& entries,
                                          const std::vector<std::string>& names, int64_t size) {
  const io::Image first = read(entries.front().path, size);
  const Shape shape{first.channels, first.height, first.width};
  const auto count = static_cast<int64_t>(entries.size());
  const int64_t area = first.height * first.width;
  io::Array values{io::DType::u8, {count, shape[0], shape[1], shape[2]}, {}};
  values.data.resize(static_cast<size_t>(count * elements(shape)));
  const auto pixels = values.as<uint8_t>();
  at::parallel_for(0, count, 16, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const fs::path& path = entries[static_cast<size_t>(i)].path;
      const io::Image image = read(path, size);
      if (Shape{image.channels, image.height, image.width} != shape)
        throw Error(
            {.who = "folder",
             .expected =
                 fmt::format("images of {} as '{}'", shape_text(shape), entries.front().path.string()),
             .got = fmt::format("{}x{}x{} in '{}'", image.channels, image.height, image.width, path.string()),
             .hint = image.channels == shape[0] ? "--data.size S to cut and scale them to S×S"
                                                : "making all of them grey, or all in colour"});
      for (int64_t c = 0; c < shape[0]; ++c)
        for (int64_t at = 0; at < area; ++at)
          pixels[static_cast<size_t>((i * shape[0] + c) * area + at)] =
              image.pixels[static_cast<size_t>(at * shape[0] + c)];
    }
  });
  std::vector<std::string> files;
  for (const Entry& entry : entries) files.push_back(entry.path.string());
  std::vector<int64_t> labels;
  const bool labelled = names != std::vector<std::string>{""};
  if (labelled)
    for (const Entry& entry : entries) labels.push_back(entry.label);
  return std::make_shared<MemoryDataset>(
      "folder", MemoryDataset::Contents{.shape = shape,
                                        .values = std::move(values),
                                        .labels = std::move(labels),
                                        .class_names = labelled ? names : std::vector<std::string>{},
                                        .files = std::move(files)});
}

}  // namespace

Source open(const DataConfig& config) {
  const fs::path top = config.path;
  if (top.empty())
    throw UsageError({.who = "folder",
                      .expected = "a folder",
                      .got = "an empty --data.path",
                      .hint = std::string(how_to_get)});
  if (!fs::is_directory(top))
    throw Error({.who = "folder",
                 .expected = "a folder",
                 .got = fmt::format("'{}', which is none", top.string()),
                 .hint = std::string(how_to_get)});
  const bool split = fs::is_directory(top / "train");
  const Classes train = find_images(split ? top / "train" : top);
  std::vector<std::string> names;
  for (const auto& [name, files] : train) names.push_back(name);
  Source source{.train = read_split(interleave(train, names), names, config.size)};
  if (split && fs::is_directory(top / "test"))
    source.test = read_split(interleave(find_images(top / "test"), names), names, config.size);
  return source;
}

}  // namespace isthmus::datasets::folder
