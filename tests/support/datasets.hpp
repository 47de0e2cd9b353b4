#pragma once

#include <cstdint>
#include <memory>
#include <numeric>
#include <vector>

#include "isthmus/core/memory_dataset.hpp"

namespace isthmus::test {

/// `count` examples of shape {1, 2, 2} whose values are `grey` (0 to 255), or where it is negative, the
/// example's own number modulo 256; labels 0, 1, 2, 0, 1, …
inline std::shared_ptr<const Dataset> flat_images(int64_t count, int grey = -1) {
  std::vector<uint8_t> values;
  std::vector<int64_t> labels;
  for (int64_t i = 0; i < count; ++i) {
    values.insert(values.end(), 4, static_cast<uint8_t>(grey < 0 ? i : grey));
    labels.push_back(i % 3);
  }
  return std::make_shared<MemoryDataset>(
      "test", MemoryDataset::Contents{
                  .shape = {1, 2, 2}, .values = io::make_array(values, {count, 1, 2, 2}), .labels = labels});
}

/// All values of a data set, as floats.
inline std::vector<float> values_of(const Dataset& dataset) {
  std::vector<int64_t> rows(static_cast<size_t>(dataset.size()));
  std::iota(rows.begin(), rows.end(), 0);
  std::vector<float> values(rows.size() * static_cast<size_t>(elements(dataset.shape())));
  dataset.gather(rows, values);
  return values;
}

}  // namespace isthmus::test
