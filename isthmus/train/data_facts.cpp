#include "isthmus/train/data_facts.hpp"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "isthmus/core/comparable.hpp"
#include "isthmus/core/error.hpp"
#include "isthmus/io/crc32c.hpp"
#include "isthmus/io/input.hpp"

namespace isthmus::train {
namespace {

class NoExamples final : public Dataset {
 public:
  explicit NoExamples(const DataFacts& facts) : facts_(facts) {}

  int64_t size() const override { return 0; }
  const Shape& shape() const override { return facts_.shape; }
  void gather(std::span<const int64_t> /*rows*/, std::span<float> /*out*/) const override {}
  std::vector<std::string> class_names() const override {
    std::vector<std::string> names;
    for (int64_t i = 0; i < facts_.classes; ++i) names.push_back(fmt::format("{}", i));
    return names;
  }
  bool binary() const override { return facts_.binary; }
  bool within_unit() const override { return facts_.unit; }

 private:
  DataFacts facts_;
};

/// Of at most 64 examples, evenly over the split.
int64_t checksum_of(const Dataset& split) {
  const int64_t count = std::min<int64_t>(64, split.size());
  std::vector<int64_t> rows;
  for (int64_t i = 0; i < count; ++i) rows.push_back(i * split.size() / count);
  std::vector<float> values(static_cast<size_t>(count * elements(split.shape())));
  split.gather(rows, values);
  return io::crc32c(std::as_bytes(std::span(values)));
}

std::string text(const DataFacts& facts) {
  return fmt::format("{} examples of {}", fmt::join(facts.examples, " + "), shape_text(facts.shape));
}

}  // namespace

DataFacts DataFacts::of(const Data& data) {
  return {.shape = data.train->shape(),
          .classes = data.classes(),
          .binary = is_binary(data),
          .unit = data.train->within_unit(),
          .examples = {data.train->size(), data.validation->size(), data.test->size()},
          .checksum = checksum_of(*data.train)};
}

DataSpec DataFacts::spec() const {
  return {.shape = shape, .classes = classes, .binary = binary, .unit = unit};
}

nlohmann::ordered_json to_json(const DataFacts& facts) {
  return {{"shape", facts.shape}, {"classes", facts.classes},   {"binary", facts.binary},
          {"unit", facts.unit},   {"examples", facts.examples}, {"checksum", facts.checksum}};
}

std::optional<DataFacts> read_data_facts(const std::filesystem::path& run_json) {
  if (!std::filesystem::exists(run_json)) return std::nullopt;
  const auto json = nlohmann::ordered_json::parse(io::read_text(run_json), nullptr, false);
  if (!json.is_object() || !json.contains("data")) return std::nullopt;
  try {
    const auto& data = json["data"];
    return DataFacts{.shape = data.at("shape").get<Shape>(),
                     .classes = data.at("classes").get<int64_t>(),
                     .binary = data.at("binary").get<bool>(),
                     .unit = data.at("unit").get<bool>(),
                     .examples = data.at("examples").get<std::array<int64_t, 3>>(),
                     .checksum = data.at("checksum").get<int64_t>()};
  } catch (const nlohmann::json::exception& error) {
    throw Error({.who = "run",
                 .expected = fmt::format("what its data were in '{}'", run_json.string()),
                 .got = error.what(),
                 .hint = "removing its \"data\""});
  }
}

Data without_examples(std::string name, const DataConfig& config, const DataFacts& facts) {
  const auto none = std::make_shared<NoExamples>(facts);
  return {.name = std::move(name), .config = config, .train = none, .validation = none, .test = none};
}

void check_same_data(const std::filesystem::path& folder, const DataFacts& facts, const Data& data) {
  const DataFacts got = DataFacts::of(data);
  if (got == facts) return;
  const bool alike = got.shape == facts.shape && got.examples == facts.examples;
  throw UsageError(
      {.who = "run",
       .expected = fmt::format("the data that '{}' was trained on, {}", folder.string(), text(facts)),
       .got = alike ? std::string("others of the same number and shape") : text(got),
       .hint = "--data.path with where those are now; isthmus score takes any data"});
}

}  // namespace isthmus::train
