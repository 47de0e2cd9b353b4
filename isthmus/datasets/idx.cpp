#include "isthmus/datasets/idx.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <zlib.h>

#include "isthmus/core/error.hpp"
#include "isthmus/core/memory_dataset.hpp"
#include "isthmus/io/find_data.hpp"
#include "isthmus/io/idx.hpp"

namespace isthmus::datasets::idx {
namespace {

namespace fs = std::filesystem;

const std::string train_images = "train-images-idx3-ubyte";
const std::string train_labels = "train-labels-idx1-ubyte";
const std::string test_images = "t10k-images-idx3-ubyte";
const std::string test_labels = "t10k-labels-idx1-ubyte";

void refuse_size(std::string_view who, const DataConfig& config) {
  if (config.size != 0)
    throw UsageError({.who = who,
                      .expected = "--data.size 0: these images are not scaled",
                      .got = fmt::format("{}", config.size)});
}

io::Array read_images(const fs::path& path) {
  io::Array images = io::read_idx(path);
  if (images.dtype != io::DType::u8 || images.shape.size() != 3)
    throw Error({.who = "idx",
                 .expected = "images: bytes in three dimensions, magic 0x00000803",
                 .got = fmt::format("{} {} in '{}'", io::name_of(images.dtype), io::shape_text(images.shape),
                                    path.string())});
  return images;
}

std::vector<int64_t> read_labels(const fs::path& path) {
  const io::Array labels = io::read_idx(path);
  if (labels.dtype != io::DType::u8 || labels.shape.size() != 1)
    throw Error({.who = "idx",
                 .expected = "labels: bytes in one dimension, magic 0x00000801",
                 .got = fmt::format("{} {} in '{}'", io::name_of(labels.dtype), io::shape_text(labels.shape),
                                    path.string())});
  const auto bytes = labels.as<uint8_t>();
  return {bytes.begin(), bytes.end()};
}

/// `labels` may be empty: no labels then.
std::shared_ptr<const Dataset> read_split(const fs::path& images, const fs::path& labels) {
  io::Array values = read_images(images);
  Shape shape{1, values.shape[1], values.shape[2]};
  return std::make_shared<MemoryDataset>(
      images.string(),
      MemoryDataset::Contents{.shape = std::move(shape),
                              .values = std::move(values),
                              .labels = labels.empty() ? std::vector<int64_t>{} : read_labels(labels)});
}

fs::path labels_beside(const fs::path& images) {
  std::string name = images.filename().string();
  const size_t at = name.find("images-idx3");
  if (at == std::string::npos) return {};
  name.replace(at, 11, "labels-idx1");
  if (name.ends_with(".gz")) name.resize(name.size() - 3);
  return io::data_file(images.parent_path(), name);
}

void check(std::string_view who, const fs::path& path, std::span<const std::byte> data, uint32_t expected) {
  const auto sum =
      ::crc32_z(0, reinterpret_cast<const Bytef*>(data.data()), data.size());  // zlib's unsigned bytes
  if (sum != expected)
    throw Error(
        {.who = who,
         .expected = fmt::format("data with checksum {:08x}", expected),
         .got = fmt::format("{:08x} in '{}', which is damaged or of another data set", sum, path.string()),
         .hint = "fetching the files again, or `idx` for a data set of your own"});
}

}  // namespace

Source open(const DataConfig& config) {
  refuse_size("idx", config);
  if (config.path.empty())
    throw UsageError({.who = "idx",
                      .expected = "a file or folder",
                      .got = "an empty --data.path",
                      .hint = std::string(how_to_get)});
  const fs::path path = config.path;
  if (!fs::is_directory(path)) return {.train = read_split(path, labels_beside(path))};

  const std::array needed{train_images};
  const fs::path folder = io::find_data("idx", needed, path, {}, how_to_get);
  Source source{.train =
                    read_split(io::data_file(folder, train_images), io::data_file(folder, train_labels))};
  if (const fs::path images = io::data_file(folder, test_images); !images.empty())
    source.test = read_split(images, io::data_file(folder, test_labels));
  return source;
}

Source open_known(const Known& known, const DataConfig& config) {
  refuse_size(known.name, config);
  const std::array names{train_images, train_labels, test_images, test_labels};
  const fs::path folder =
      io::find_data(known.name, names, config.path, known.system_folders, known.how_to_get);
  const auto split = [&](size_t first, int64_t count) {
    const fs::path images_path = io::data_file(folder, names[first]);
    const fs::path labels_path = io::data_file(folder, names[first + 1]);
    io::Array images = read_images(images_path);
    std::vector<int64_t> labels = read_labels(labels_path);
    if (images.shape != std::vector<int64_t>{count, 28, 28} || static_cast<int64_t>(labels.size()) != count)
      throw Error({.who = known.name,
                   .expected = fmt::format("{0}x28x28 images and {0} labels", count),
                   .got = fmt::format("{} and {} in '{}'", io::shape_text(images.shape), labels.size(),
                                      folder.string()),
                   .hint = "fetching the files again, or `idx` for a data set of your own"});
    check(known.name, images_path, images.data, known.checksums[first]);
    const std::vector<uint8_t> bytes(labels.begin(), labels.end());
    check(known.name, labels_path, std::as_bytes(std::span(bytes)), known.checksums[first + 1]);
    return std::make_shared<MemoryDataset>(known.name,
                                           MemoryDataset::Contents{.shape = {1, 28, 28},
                                                                   .values = std::move(images),
                                                                   .labels = std::move(labels),
                                                                   .class_names = known.class_names});
  };
  return {.train = split(0, 60'000), .test = split(2, 10'000)};
}

}  // namespace isthmus::datasets::idx
