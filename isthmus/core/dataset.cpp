#include "isthmus/core/dataset.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "isthmus/core/comparable.hpp"
#include "isthmus/core/error.hpp"
#include "isthmus/core/memory_dataset.hpp"

namespace isthmus {
namespace {

/// Some rows of another data set, in an order of their own.
class Subset final : public Dataset {
 public:
  Subset(std::shared_ptr<const Dataset> whole, std::vector<int64_t> rows)
      : whole_(std::move(whole)), rows_(std::move(rows)) {
    const auto labels = whole_->labels();
    if (labels.empty()) return;
    labels_.reserve(rows_.size());
    for (const int64_t row : rows_) labels_.push_back(labels[static_cast<size_t>(row)]);
  }

  int64_t size() const override { return static_cast<int64_t>(rows_.size()); }
  const Shape& shape() const override { return whole_->shape(); }
  void gather(std::span<const int64_t> rows, std::span<float> out) const override {
    std::vector<int64_t> of_whole;
    of_whole.reserve(rows.size());
    for (const int64_t row : rows) of_whole.push_back(rows_[static_cast<size_t>(row)]);
    whole_->gather(of_whole, out);
  }
  std::span<const int64_t> labels() const override { return labels_; }
  std::vector<std::string> class_names() const override { return whole_->class_names(); }
  std::vector<Factor> factors() const override { return whole_->factors(); }
  std::vector<int64_t> factor_values(int64_t row) const override {
    return whole_->factor_values(rows_[static_cast<size_t>(row)]);
  }
  bool binary() const override { return whole_->binary(); }
  bool within_unit() const override { return whole_->within_unit(); }
  int64_t original_row(int64_t row) const override {
    return whole_->original_row(rows_[static_cast<size_t>(row)]);
  }
  std::string file_of(int64_t row) const override { return whole_->file_of(rows_[static_cast<size_t>(row)]); }

 private:
  std::shared_ptr<const Dataset> whole_;
  std::vector<int64_t> rows_;
  std::vector<int64_t> labels_;
};

/// threshold and static are done once, before the cut, so that they do not depend on it.
std::shared_ptr<const Dataset> binarise_once(std::string_view name,
                                             const std::shared_ptr<const Dataset>& whole, Binarise binarise,
                                             int64_t which) {
  if (!whole || binarise == Binarise::none || whole->binary()) return whole;
  if (!whole->within_unit())
    throw UsageError(
        {.who = name,
         .expected = fmt::format("values from 0 to 1 for --data.binarise {}", enum_name(binarise)),
         .got = "values outside",
         .hint = "--data.binarise none, or data scaled to [0, 1]"});
  return binarise == Binarise::dynamic ? whole : binarised(*whole, binarise, which);
}

std::vector<int64_t> fixed_order(int64_t n) {
  constexpr uint64_t seed = 0x73706c69;  // fixed: every run cuts alike
  return Noise(seed, Purpose::split).permutation(n);
}

std::shared_ptr<const Dataset> part(const std::shared_ptr<const Dataset>& whole,
                                    std::span<const int64_t> rows, int64_t limit) {
  if (limit > 0) rows = rows.first(std::min(rows.size(), static_cast<size_t>(limit)));
  return std::make_shared<Subset>(whole, std::vector<int64_t>(rows.begin(), rows.end()));
}

/// `rows` but those of the class that is left out.
std::vector<int64_t> without_class(std::string_view name, const Dataset& whole, std::span<const int64_t> rows,
                                   int64_t left_out) {
  std::vector<int64_t> kept(rows.begin(), rows.end());
  if (left_out < 0) return kept;
  const auto labels = whole.labels();
  if (std::ranges::find(labels, left_out) == labels.end())
    throw UsageError({.who = name,
                      .expected = "a class that examples have, for --data.without_class",
                      .got = labels.empty() ? "no labels" : fmt::format("{}", left_out)});
  std::erase_if(kept, [&](int64_t row) { return labels[static_cast<size_t>(row)] == left_out; });
  return kept;
}

bool reusable(const Tensor& tensor, at::IntArrayRef shape) {
  return tensor.defined() && tensor.sizes() == shape && tensor.use_count() == 1 &&
         tensor.storage().use_count() == 1;
}

}  // namespace

Data load_data(std::string_view name, const DataConfig& config) {
  return cut(std::string(name), datasets::menu().find(name).open(config), config);
}

Source as_one_whole(Source source) {
  if (!source.test) source.test = source.train;
  return source;
}

Data cut(std::string name, const Source& source, const DataConfig& config) {
  const auto train = binarise_once(name, source.train, config.binarise, 0);
  const bool one_whole = source.test == source.train;
  const auto own_test = one_whole ? train : binarise_once(name, source.test, config.binarise, 1);
  const int64_t n = train->size();
  if (own_test && own_test->shape() != train->shape())
    throw Error(
        {.who = name,
         .expected = fmt::format("test examples of {}, as those to train on", shape_text(train->shape())),
         .got = shape_text(own_test->shape())});

  const int64_t tests = own_test ? 0 : std::llround(config.test * static_cast<double>(n));
  const int64_t validations = std::llround(config.validation * static_cast<double>(n - tests));
  const int64_t trains = n - tests - validations;
  if (trains < 1)
    throw UsageError(
        {.who = name,
         .expected = "at least one example left to train on",
         .got = fmt::format("{} in all, less {} for the test and {} for validation", n, tests, validations),
         .hint = "smaller shares --data.test and --data.validation"});

  const std::vector<int64_t> order = fixed_order(n);
  const std::span<const int64_t> rows(order);
  const auto count = [](int64_t c) { return static_cast<size_t>(c); };
  Data data{std::move(name), config, nullptr, nullptr, own_test};
  const auto kept = [&](std::span<const int64_t> some) {
    return without_class(data.name, *train, some, config.without_class);
  };
  data.train = part(train, kept(rows.first(count(trains))), config.limit);
  data.validation = part(train, kept(rows.subspan(count(trains), count(validations))), config.limit);
  if (data.train->size() == 0)
    throw UsageError({.who = data.name,
                      .expected = "training examples of another class",
                      .got = fmt::format("none besides class {}", config.without_class),
                      .hint = "another --data.without_class"});
  if (!own_test)
    data.test = part(train, rows.last(count(tests)), config.limit);
  else if (config.limit > 0 && config.limit < own_test->size())
    data.test = part(own_test, fixed_order(own_test->size()), config.limit);
  return data;
}

std::vector<int64_t> original_order(const Dataset& split) {
  std::vector<int64_t> rows(static_cast<size_t>(split.size()));
  std::iota(rows.begin(), rows.end(), 0);
  std::ranges::sort(rows, {}, [&](int64_t row) { return split.original_row(row); });
  return rows;
}

const Dataset& Data::split(Split which) const {
  switch (which) {
    case Split::train:
      return *train;
    case Split::validation:
      return *validation;
    case Split::test:
      return *test;
  }
  throw Error({.who = "data", .expected = "a split", .got = fmt::format("{}", static_cast<int>(which))});
}

int64_t Data::classes() const {
  auto classes = static_cast<int64_t>(train->class_names().size());
  if (classes == 0)
    for (const Dataset* split : {train.get(), validation.get(), test.get()})
      for (const int64_t label : split->labels()) classes = std::max(classes, label + 1);
  return classes;
}

DataSpec Data::spec() const {
  constexpr int64_t most = 10'000;
  constexpr int64_t at_once = 500;
  DataSpec spec{.shape = train->shape(),
                .classes = classes(),
                .binary = is_binary(*this),
                .unit = train->within_unit()};

  // Evenly over the split, whatever its order. Sums in double, one after the other: the same on any machine.
  const int64_t count = std::min(most, train->size());
  const int64_t each = elements(spec.shape);
  std::vector<double> sum(static_cast<size_t>(each));
  std::vector<float> values(static_cast<size_t>(at_once * each));
  std::vector<int64_t> rows;
  for (int64_t first = 0; first < count; first += at_once) {
    rows.clear();
    for (int64_t i = first; i < std::min(first + at_once, count); ++i)
      rows.push_back(i * train->size() / count);
    train->gather(rows, std::span(values).first(rows.size() * static_cast<size_t>(each)));
    for (size_t row = 0; row < rows.size(); ++row)
      for (size_t i = 0; i < sum.size(); ++i) sum[i] += values[row * sum.size() + i];
  }
  spec.mean = at::empty(spec.shape, at::kFloat);
  std::ranges::transform(sum, spec.mean.mutable_data_ptr<float>(),
                         [&](double s) { return static_cast<float>(s / static_cast<double>(count)); });
  return spec;
}

Batch gather(const Dataset& split, Binarise binarise, std::span<const int64_t> rows, Noise noise) {
  Batch batch;
  gather_into(batch, split, binarise, rows, noise);
  return batch;
}

void gather_into(Batch& batch, const Dataset& split, Binarise binarise, std::span<const int64_t> rows,
                 Noise noise) {
  for (const int64_t row : rows)
    if (row < 0 || row >= split.size())
      throw Error({.who = "gather",
                   .expected = fmt::format("rows of {} examples", split.size()),
                   .got = fmt::format("row {}", row)});
  const int64_t count = std::ssize(rows);
  const Shape shape = batch_shape(count, split.shape());
  if (!reusable(batch.x, shape)) batch.x = at::empty(shape, at::kFloat);
  split.gather(rows, {batch.x.mutable_data_ptr<float>(), static_cast<size_t>(batch.x.numel())});
  if (binarise == Binarise::dynamic && !split.binary()) noise.bernoulli_(batch.x);

  const auto labels = split.labels();
  if (labels.empty()) {
    batch.labels = Tensor();
    return;
  }
  if (!reusable(batch.labels, {count})) batch.labels = at::empty({count}, at::kLong);
  std::ranges::transform(rows, batch.labels.mutable_data_ptr<int64_t>(),
                         [&](int64_t row) { return labels[static_cast<size_t>(row)]; });
}

}  // namespace isthmus
