#include "isthmus/core/memory_dataset.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include "isthmus/core/error.hpp"
#include "isthmus/kernels/pixels.hpp"

namespace isthmus {
namespace {

/// Beyond it a label is an identity or a measurement, and a layer of so many outputs would not fit anywhere.
constexpr int64_t most_classes = 65'536;

}  // namespace

MemoryDataset::MemoryDataset(std::string_view who, Contents contents) : contents_(std::move(contents)) {
  const auto& [shape, values, white, labels, class_names, factors, factor_values, files] = contents_;
  const auto refuse = [&](std::string expected, std::string got) {
    throw Error({.who = who, .expected = std::move(expected), .got = std::move(got)});
  };
  if (values.dtype != io::DType::u8 && values.dtype != io::DType::f32)
    refuse("values of type u8 or f32", std::string(io::name_of(values.dtype)));
  const int64_t each = elements(shape);
  if (each < 1) refuse("examples of at least one value", fmt::format("shape {}", shape_text(shape)));
  if (values.elements() % each != 0)
    refuse(fmt::format("whole examples of {} values", each), fmt::format("{} values", values.elements()));
  size_ = values.elements() / each;

  if (!labels.empty() && static_cast<int64_t>(labels.size()) != size_)
    refuse(fmt::format("{} labels, one an example", size_), fmt::format("{}", labels.size()));
  for (const int64_t label : labels) {
    if (label < 0) refuse("labels of 0 or more", fmt::format("{}", label));
    if (label >= most_classes)
      refuse(fmt::format("labels below {}: classes, counted from 0", most_classes), fmt::format("{}", label));
    if (!class_names.empty() && label >= static_cast<int64_t>(class_names.size()))
      refuse(fmt::format("labels below {}, the number of classes", class_names.size()),
             fmt::format("{}", label));
  }
  if (static_cast<int64_t>(factor_values.size()) != size_ * static_cast<int64_t>(factors.size()))
    refuse(fmt::format("{} factors for each of {} examples", factors.size(), size_),
           fmt::format("{} values", factor_values.size()));
  if (!files.empty() && static_cast<int64_t>(files.size()) != size_)
    refuse(fmt::format("{} files, one an example", size_), fmt::format("{}", files.size()));

  if (values.dtype == io::DType::u8) {
    const auto bytes = values.as<uint8_t>();
    binary_ = std::ranges::all_of(bytes, [&](uint8_t v) { return v == 0 || v == white; });
    within_unit_ = white == 255 || std::ranges::all_of(bytes, [&](uint8_t v) { return v <= white; });
    return;
  }
  for (const float v : values.as<float>()) {
    if (!std::isfinite(v)) refuse("finite values", fmt::format("{}", v));
    binary_ = binary_ && (v == 0 || v == 1);
    within_unit_ = within_unit_ && v >= 0 && v <= 1;
  }
}

void MemoryDataset::gather(std::span<const int64_t> rows, std::span<float> out) const {
  const int64_t each = elements(contents_.shape);
  if (contents_.values.dtype == io::DType::u8)
    return kernels::gather_pixels(out, contents_.values.as<uint8_t>(), rows, each,
                                  static_cast<float>(contents_.white));
  const float* from = contents_.values.as<float>().data();
  float* to = out.data();
  for (const int64_t row : rows) to = std::copy_n(from + row * each, each, to);
}

std::vector<int64_t> MemoryDataset::factor_values(int64_t row) const {
  const auto count = static_cast<int64_t>(contents_.factors.size());
  const auto from = contents_.factor_values.begin() + row * count;
  return {from, from + count};
}

std::string MemoryDataset::file_of(int64_t row) const {
  return contents_.files.empty() ? std::string() : contents_.files[static_cast<size_t>(row)];
}

std::shared_ptr<const Dataset> binarised(const Dataset& whole, Binarise binarise, int64_t which) {
  constexpr uint64_t seed = 0x62696e61;  // fixed: every run sees the same static pixels
  constexpr int64_t most = 1000;         // rows at a time
  const int64_t each = elements(whole.shape());
  io::Array pixels{io::DType::u8, {whole.size(), each}, {}};
  pixels.data.resize(static_cast<size_t>(whole.size() * each));
  const Tensor part = at::empty({std::min(most, whole.size()), each}, at::kFloat);
  std::vector<int64_t> rows;
  for (int64_t first = 0; first < whole.size(); first += most) {
    rows.resize(static_cast<size_t>(std::min(most, whole.size() - first)));
    std::iota(rows.begin(), rows.end(), first);
    const Tensor x = part.narrow(0, 0, static_cast<int64_t>(rows.size()));
    const std::span<float> values(x.mutable_data_ptr<float>(), static_cast<size_t>(x.numel()));
    whole.gather(rows, values);
    if (binarise == Binarise::static_) Noise(seed, Purpose::binarise, which, first).bernoulli_(x);
    std::ranges::transform(values, pixels.as<uint8_t>().begin() + first * each,
                           [](float v) { return static_cast<uint8_t>(v >= 0.5F); });
  }
  const auto labels = whole.labels();
  std::vector<int64_t> factor_values;
  if (!whole.factors().empty()) {
    for (int64_t row = 0; row < whole.size(); ++row) {
      const std::vector<int64_t> one = whole.factor_values(row);
      factor_values.insert(factor_values.end(), one.begin(), one.end());
    }
  }
  std::vector<std::string> files;
  for (int64_t row = 0; row < whole.size() && !whole.file_of(0).empty(); ++row)
    files.push_back(whole.file_of(row));
  return std::make_shared<MemoryDataset>("binarise",
                                         MemoryDataset::Contents{.shape = whole.shape(),
                                                                 .values = std::move(pixels),
                                                                 .white = 1,
                                                                 .labels = {labels.begin(), labels.end()},
                                                                 .class_names = whole.class_names(),
                                                                 .factors = whole.factors(),
                                                                 .factor_values = std::move(factor_values),
                                                                 .files = std::move(files)});
}

}  // namespace isthmus
