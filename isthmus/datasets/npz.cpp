#include "isthmus/datasets/npz.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "isthmus/core/error.hpp"
#include "isthmus/core/memory_dataset.hpp"
#include "isthmus/io/npz.hpp"

namespace isthmus::datasets::npz {
namespace {

using Names = std::initializer_list<const char*>;

/// The first of `names` that the file holds; empty when none is there.
std::string first_of(const io::Npz& file, Names names) {
  const auto* const found =
      std::ranges::find_if(names, [&](const char* name) { return file.contains(name); });
  return found == names.end() ? "" : *found;
}

std::vector<int64_t> integers(const io::Npz& file, const std::string& name) {
  const io::Array array = file.read(name);
  std::vector<int64_t> values;
  const auto take = [&]<class T>(std::span<const T> from) { values.assign(from.begin(), from.end()); };
  switch (array.dtype) {
    case io::DType::u8:
      take(array.as<uint8_t>());
      break;
    case io::DType::i8:
      take(array.as<int8_t>());
      break;
    case io::DType::i16:
      take(array.as<int16_t>());
      break;
    case io::DType::i32:
      take(array.as<int32_t>());
      break;
    case io::DType::i64:
      take(array.as<int64_t>());
      break;
    default:
      throw Error({.who = "npz",
                   .expected = fmt::format("integers in '{}'", name),
                   .got = std::string(io::name_of(array.dtype)),
                   .hint = "writing it with .astype(\"int64\")"});
  }
  return values;
}

/// Booleans and f64 become what MemoryDataset takes.
io::Array pixels(const io::Npz& file, const std::string& name) {
  io::Array array = file.read(name);
  switch (array.dtype) {
    case io::DType::u8:
    case io::DType::f32:
      return array;
    case io::DType::boolean:
      array.dtype = io::DType::u8;
      return array;
    case io::DType::f64: {
      const auto from = array.as<double>();
      return io::make_array(std::vector<float>(from.begin(), from.end()), array.shape);
    }
    default:
      throw Error({.who = "npz",
                   .expected = fmt::format("u8, boolean, f32 or f64 in '{}'", name),
                   .got = std::string(io::name_of(array.dtype)),
                   .hint = "writing it with .astype(\"uint8\") or .astype(\"float32\")"});
  }
}

/// [N, height, width, channels] → [N, channels, height, width].
template <class T>
void channels_first(io::Array& array) {
  const int64_t area = array.shape[1] * array.shape[2];
  const int64_t channels = array.shape[3];
  std::vector<T> one(static_cast<size_t>(area * channels));
  const std::span<T> all = array.as<T>();
  for (auto example = all.begin(); example != all.end(); example += area * channels) {
    std::copy_n(example, area * channels, one.begin());
    for (int64_t at = 0; at < area; ++at)
      for (int64_t c = 0; c < channels; ++c)
        example[c * area + at] = one[static_cast<size_t>(at * channels + c)];
  }
  array.shape = {array.shape[0], channels, array.shape[1], array.shape[2]};
}

Shape arrange(io::Array& array) {
  const auto colours = [](int64_t size) { return size == 1 || size == 3; };
  if (array.shape.size() == 4 && colours(array.shape[3]) && !colours(array.shape[1]) &&
      array.elements() > 0) {
    if (array.dtype == io::DType::u8)
      channels_first<uint8_t>(array);
    else
      channels_first<float>(array);
  }
  Shape shape(array.shape.begin() + 1, array.shape.end());
  if (shape.size() == 2) shape.insert(shape.begin(), 1);
  return shape;
}

std::shared_ptr<const Dataset> read_split(const io::Npz& file, const std::string& name, Names labels,
                                          Names factors) {
  io::Array values = pixels(file, name);
  if (values.shape.size() < 2)
    throw Error({.who = "npz",
                 .expected = fmt::format("examples in the rows of '{}'", name),
                 .got = fmt::format("shape {}", io::shape_text(values.shape))});
  MemoryDataset::Contents contents{.shape = arrange(values), .values = std::move(values)};
  if (contents.values.dtype == io::DType::u8) {
    const auto above_one = [](uint8_t v) { return v > 1; };
    contents.white = std::ranges::any_of(contents.values.as<uint8_t>(), above_one) ? 255 : 1;
  }
  if (const std::string found = first_of(file, labels); !found.empty())
    contents.labels = integers(file, found);
  if (const std::string found = first_of(file, factors); !found.empty()) {
    contents.factor_values = integers(file, found);
    const size_t count =
        contents.factor_values.size() / static_cast<size_t>(std::max<int64_t>(1, contents.values.shape[0]));
    for (size_t f = 0; f < count; ++f) {
      int64_t greatest = 0;
      for (size_t at = f; at < contents.factor_values.size(); at += count)
        greatest = std::max(greatest, contents.factor_values[at]);
      contents.factors.push_back({fmt::format("factor {}", f), greatest + 1});
    }
  }
  return std::make_shared<MemoryDataset>("npz", std::move(contents));
}

}  // namespace

Source open(const DataConfig& config) {
  if (config.size != 0)
    throw UsageError({.who = "npz",
                      .expected = "--data.size 0: arrays are not scaled",
                      .got = fmt::format("{}", config.size)});
  if (config.path.empty())
    throw UsageError(
        {.who = "npz", .expected = "a file", .got = "an empty --data.path", .hint = std::string(how_to_get)});
  const io::Npz file(config.path);
  if (file.contains("x_train")) {
    Source source{.train = read_split(file, "x_train", {"y_train"}, {})};
    if (file.contains("x_test")) source.test = read_split(file, "x_test", {"y_test"}, {});
    return source;
  }
  const std::string name = first_of(file, {"x", "images", "imgs", "arr_0"});
  if (name.empty())
    throw Error({.who = "npz",
                 .expected = "an array x_train, x, images, imgs or arr_0",
                 .got = fmt::format("{} in '{}'", fmt::join(file.names(), ", "), config.path),
                 .hint = "numpy.savez(\"FILE.npz\", x=images, y=labels)"});
  return {.train = read_split(file, name, {"y", "labels"}, {"factors", "latents_classes"})};
}

}  // namespace isthmus::datasets::npz
