#include "isthmus/core/comparable.hpp"

#include <string>
#include <utility>

#include <fmt/format.h>

#include "isthmus/core/error.hpp"

namespace isthmus {
namespace {

/// What may give examples of shape `got` the shape `wanted`.
std::string way_to(const Shape& wanted, const Shape& got, std::string_view size) {
  const bool square = wanted.size() == 3 && wanted[1] == wanted[2];
  if (square && got.size() == 3 && got[0] == wanted[0])
    return fmt::format("{} {}, where the data set can scale its images", size, wanted[1]);
  return "a data set of that shape, or a model trained on this one";
}

}  // namespace

bool is_binary(const Data& data) {
  return data.config.binarise != Binarise::none || data.train->binary();
}

DataConfig treated_alike(const Data& trained, std::string_view name) {
  DataConfig config;
  if (name == trained.name) {
    config = trained.config;
    config.limit = DataConfig{}.limit;
    config.without_class = DataConfig{}.without_class;
  }
  // Of data that are 0 or 1 already a dynamic draw changes nothing, so it need not be known whether these
  // are.
  const bool as_they_stand = trained.config.binarise == Binarise::none && trained.train->binary();
  config.binarise = as_they_stand ? Binarise::dynamic : trained.config.binarise;
  return config;
}

void check_comparable(std::string_view who, const Data& trained, const Data& examples, bool likelihood,
                      std::string_view size) {
  const auto refuse = [&](std::string expected, std::string_view got, std::string hint) {
    throw UsageError({.who = who,
                      .expected = std::move(expected),
                      .got = fmt::format("{} in {}", got, examples.name),
                      .hint = std::move(hint)});
  };
  const Shape& shape = trained.train->shape();
  if (examples.train->shape() != shape)
    refuse(fmt::format("examples of shape {}, which the model was trained on", shape_text(shape)),
           shape_text(examples.train->shape()), way_to(shape, examples.train->shape(), size));
  if (!likelihood) return;
  if (is_binary(trained) && !is_binary(examples))
    refuse("pixels of 0 or 1, which the likelihood is of", "grey ones", "--data.binarise dynamic");
  if (trained.train->within_unit() && !examples.test->within_unit())
    refuse("values from 0 to 1, which the likelihood is of", "values outside", "data scaled to 0 … 1");
}

}  // namespace isthmus
