#include "isthmus/core/scores.hpp"

#include <algorithm>
#include <iterator>

#include "isthmus/core/each_example.hpp"
#include "isthmus/core/error.hpp"
#include "isthmus/core/log_weights.hpp"
#include "isthmus/core/why_empty.hpp"
#include "isthmus/ops/running_mean.hpp"

namespace isthmus {
namespace {

constexpr int64_t batch_size = 500;

std::vector<double> list_of(const Tensor& numbers) {
  const Tensor row = numbers.contiguous();
  const double* from = row.const_data_ptr<double>();
  return {from, from + row.numel()};
}

Scores by_reconstruction(const Subject& subject, int64_t examples) {
  return {Score::reconstruction,
          list_of(each_example(subject, batch_size, examples, [&](const Batch& batch, int64_t first) {
            Noise noise(subject.seed, Purpose::evaluation, 0, first);
            const Tensor made = subject.model.reconstruct(batch, noise);
            return (made - batch.x).flatten(1).to(at::kDouble).square().sum(1);
          }))};
}

Scores by_elbo(const Subject& subject, int64_t draws, int64_t examples) {
  std::vector<ops::RunningMean> bounds;
  for_each_log_weights(subject, draws, examples, [&](int64_t example, auto weights) {
    if (bounds.size() <= static_cast<size_t>(example)) bounds.resize(static_cast<size_t>(example) + 1);
    for (const double weight : weights) bounds[static_cast<size_t>(example)].add(weight);
  });
  Scores scores{Score::elbo, {}};
  for (const auto& bound : bounds) {
    check_finite("elbo", bound.mean(), static_cast<int64_t>(scores.values.size()));
    scores.values.push_back(bound.mean());
  }
  return scores;
}

Scores by_nll(const Subject& subject, int64_t draws, int64_t examples) {
  auto* exact = subject.can<ExactLikelihood>();
  if (exact != nullptr && !exact->no_exact_likelihood()) {
    Scores scores{Score::nll,
                  list_of(each_example(subject, batch_size, examples, [&](const Batch& batch, int64_t) {
                    return -exact->log_likelihood(batch);
                  }))};
    for (size_t i = 0; i < scores.values.size(); ++i)
      check_finite("nll", -scores.values[i], static_cast<int64_t>(i));
    return scores;
  }
  const auto evidence = estimate_evidence("nll", subject, draws, examples);
  Scores scores{Score::nll, {}, trust_in(evidence)};
  std::ranges::transform(evidence, std::back_inserter(scores.values),
                         [](const auto& of_example) { return -of_example.value(); });
  return scores;
}

}  // namespace

std::vector<double> Scores::surprises() const {
  std::vector<double> turned = values;
  if (!high_is_unusual())
    for (double& value : turned) value = -value;
  return turned;
}

std::optional<std::string> Scores::why_doubted(std::string_view hint) const {
  return trust ? why_doubt(*trust, hint) : std::nullopt;
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
  if (by == Score::reconstruction) return by_reconstruction(subject, examples);
  return by == Score::elbo ? by_elbo(subject, config.draws, examples)
                           : by_nll(subject, config.draws, examples);
}

}  // namespace isthmus
