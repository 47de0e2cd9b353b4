#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "isthmus/core/dataset.hpp"

namespace isthmus::train {

/// What a run remembers of its data: enough to open its model without them, and to know them again.
struct DataFacts {
  Shape shape;
  int64_t classes = 0;
  bool binary = false;
  bool unit = true;
  std::array<int64_t, 3> examples = {};  ///< to train on, to watch the training, to test
  int64_t checksum = 0;                  ///< of some of the training examples

  static DataFacts of(const Data& data);
  bool operator==(const DataFacts&) const = default;

  /// What a model may know of them; without the mean example.
  DataSpec spec() const;
};

nlohmann::ordered_json to_json(const DataFacts& facts);

/// Those of a run.json; nothing where it has none, as an earlier isthmus wrote it.
std::optional<DataFacts> read_data_facts(const std::filesystem::path& run_json);

/// Data of that kind, whose splits hold no example.
Data without_examples(std::string name, const DataConfig& config, const DataFacts& facts);

/// Throws UsageError unless `data` are those that the run in `folder` was trained on, as far as `facts` say.
void check_same_data(const std::filesystem::path& folder, const DataFacts& facts, const Data& data);

}  // namespace isthmus::train
