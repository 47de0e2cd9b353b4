#include "isthmus/core/scores.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "isthmus/core/error.hpp"
#include "isthmus/core/log_weights.hpp"
#include "isthmus/core/why_empty.hpp"
#include "isthmus/ops/log_mean_exp.hpp"
#include "isthmus/ops/running_mean.hpp"

namespace isthmus {
namespace {

constexpr int64_t batch_size = 500;

int64_t count_of(const Subject& subject, int64_t examples) {
  const int64_t size = subject.examples().size();
  return examples == 0 ? size : std::min(examples, size);
}

/// `each` gives the numbers of a batch, [batch].
template <class Each>
std::vector<double> by_batch(const Subject& subject, int64_t examples, const Each& each) {
  const at::NoGradGuard no_grad;
  const int64_t total = count_of(subject, examples);
  std::vector<double> values;
  for_each_batch(subject, batch_size, examples, [&](const Batch& batch, int64_t first) {
    Noise noise(subject.seed, Purpose::evaluation, 0, first);
    const Tensor numbers = each(batch, noise).to(at::kCPU, at::kDouble).contiguous();
    const double* row = numbers.template const_data_ptr<double>();
    values.insert(values.end(), row, row + batch.size());
    subject.progress(first + batch.size(), total, "examples");
  });
  return values;
}

std::vector<double> squared_errors(const Subject& subject, int64_t examples) {
  return by_batch(subject, examples, [&](const Batch& batch, Noise& noise) {
    const Tensor made = subject.model.reconstruct(batch, noise);
    return (made - batch.x).flatten(1).to(at::kDouble).square().sum(1);
  });
}

/// Any summary of an example's log-weights that has add() and a value.
template <class Summary, class Value>
std::vector<double> of_log_weights(const Subject& subject, int64_t draws, int64_t examples,
                                   const Value& value) {
  std::vector<Summary> summaries(static_cast<size_t>(count_of(subject, examples)));
  for_each_log_weights(subject, draws, examples, [&](int64_t example, auto weights) {
    for (const double weight : weights) summaries[static_cast<size_t>(example)].add(weight);
  });
  std::vector<double> values;
  std::ranges::transform(summaries, std::back_inserter(values), value);
  return values;
}

ExactLikelihood* exact(const Subject& subject) {
  auto* model = subject.can<ExactLikelihood>();
  return model != nullptr && !model->no_exact_likelihood() ? model : nullptr;
}

bool is_binary(const Data& data) {
  return data.config.binarise != Binarise::none || data.train->binary();
}

}  // namespace

std::vector<double> Scores::surprises() const {
  std::vector<double> turned = values;
  if (!high_is_unusual())
    for (double& value : turned) value = -value;
  return turned;
}

Score resolve(const Subject& subject, Score score) {
  if (score != Score::auto_) return score;
  return why_no_log_weights(subject, "elbo") ? Score::reconstruction : Score::elbo;
}

std::optional<std::string> why_no_scores(const Subject& subject, Score score) {
  const Score by = resolve(subject, score);
  return by == Score::reconstruction ? why_empty(subject) : why_no_log_weights(subject, enum_name(by));
}

Scores score_examples(const Subject& subject, const ScoreConfig& config, int64_t examples) {
  const Score by = resolve(subject, config.score);
  if (auto reason = why_no_scores(subject, by))
    throw UsageError({.who = enum_name(by), .expected = "examples that have this score", .got = *reason});
  if (by == Score::reconstruction) return {by, squared_errors(subject, examples)};
  if (by == Score::elbo)
    return {by, of_log_weights<ops::RunningMean>(subject, config.draws, examples,
                                                 [](const auto& weights) { return weights.mean(); })};
  if (auto* model = exact(subject))
    return {by, by_batch(subject, examples,
                         [&](const Batch& batch, Noise&) { return -model->log_likelihood(batch); })};
  return {by, of_log_weights<ops::LogMeanExp>(subject, config.draws, examples,
                                              [](const auto& weights) { return -weights.value(); })};
}

DataConfig treated_alike(const Data& trained, std::string_view name) {
  if (name != trained.name) return {.binarise = trained.config.binarise};
  DataConfig config = trained.config;
  config.without_class = DataConfig{}.without_class;
  return config;
}

void check_comparable(std::string_view who, const Data& trained, const Data& examples, Score by) {
  const auto refuse = [&](std::string expected, std::string got, std::string hint) {
    throw UsageError({.who = who,
                      .expected = std::move(expected),
                      .got = fmt::format("{} in {}", got, examples.name),
                      .hint = std::move(hint)});
  };
  if (examples.train->shape() != trained.train->shape())
    refuse(fmt::format("examples of shape {}, which the model was trained on",
                       shape_text(trained.train->shape())),
           shape_text(examples.train->shape()), "");
  if (by == Score::reconstruction) return;
  if (is_binary(trained) && !is_binary(examples))
    refuse("pixels of 0 or 1, which the likelihood is of", "grey ones", "--data.binarise dynamic");
  if (trained.train->within_unit() && !examples.test->within_unit())
    refuse("values from 0 to 1, which the likelihood is of", "values outside", "data scaled to 0 … 1");
}

}  // namespace isthmus
