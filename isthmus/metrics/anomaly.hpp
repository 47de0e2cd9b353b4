#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "isthmus/core/comparable.hpp"
#include "isthmus/core/metric.hpp"
#include "isthmus/core/scores.hpp"
#include "isthmus/core/why_empty.hpp"
#include "isthmus/ops/area_under_roc.hpp"
#include "isthmus/ops/running_mean.hpp"

/// How well a score tells outliers from the examples of the split: the area under the ROC curve, the
/// probability that an outlier looks more unusual (a lower elbo, a higher nll or squared error) than an
/// example. 0.5 is chance, and below it the outliers look the more usual ones: a likelihood can do that
/// (Nalisnick et al. 2019, "Do Deep Generative Models Know What They Don't Know?"), and nothing is turned
/// round here to hide it.
namespace isthmus::metrics::anomaly {

inline constexpr std::string_view summary =
    "area under the ROC curve of outliers (another data set, or a class) against the split; 0.5 is chance, "
    "higher is better";

struct Config {
  std::string outliers = {};
  std::string path = {};
  int64_t size = 0;
  int64_t class_ = -1;
  ScoreConfig scoring = {};
  int64_t examples = 0;

  static Config quick() { return {.scoring = {.draws = 10}, .examples = 1000}; }

  bool asked() const { return !outliers.empty() || class_ >= 0; }

  static constexpr auto fields() {
    return std::tuple{
        field<&Config::outliers>("data set of the outliers: its test split, or all of it where it has none"),
        field<&Config::path>("file or folder of that data set; empty looks where data lie"),
        field<&Config::size>("side of its images, where the data set can scale them; 0 keeps its own",
                             non_negative),
        field<&Config::class_>(
            "class whose examples in the split are the outliers; -1 is none. Leave it out of the training by "
            "--data.without_class",
            Bound{.least = -1, .text = "of -1 or more"}),
        inlined<&Config::scoring>(),
        field<&Config::examples>(
            "the first so many examples of the split and as many of the other data set; 0 takes all",
            non_negative),
    };
  }
};

inline std::optional<std::string> why_not(const Subject& subject) {
  return why_empty(subject);
}

/// Numbers that are higher the more unusual the example.
struct Sides {
  Score by;
  std::vector<double> examples;
  std::vector<double> outliers;
  std::vector<std::string> doubts = {};  ///< why the numbers should not be trusted
};

inline void add_doubt(Sides& sides, const Scores& scores, std::string_view whose) {
  if (const auto doubt = scores.why_doubted("raise --anomaly.draws"))
    sides.doubts.push_back(fmt::format("of the {} by {}: {}", whose, enum_name(scores.by), *doubt));
}

inline Sides against_data_set(const Subject& subject, const Config& config) {
  const Score by = resolve(subject, config.scoring.score);
  DataConfig settings = treated_alike(subject.data, config.outliers);
  if (!config.path.empty()) settings.path = config.path;
  if (config.size > 0) settings.size = config.size;
  const Source source = datasets::menu().find(config.outliers).open(settings);
  const bool own = config.outliers == subject.data.name && settings.path == subject.data.config.path;
  const Data other = cut(config.outliers, own ? source : as_one_whole(source), settings);
  check_comparable("anomaly", subject.data, other, by != Score::reconstruction, "--anomaly.size");
  const Subject outside{.model = subject.model,
                        .data = other,
                        .split = Split::test,
                        .seed = subject.seed,
                        .run = subject.run,
                        .progress = subject.progress};
  const ScoreConfig scoring{.score = by, .draws = config.scoring.draws};
  const Scores examples = score_examples(subject, scoring, config.examples);
  const Scores outliers = score_examples(outside, scoring, config.examples);
  Sides sides{by, examples.surprises(), outliers.surprises()};
  add_doubt(sides, examples, "examples");
  add_doubt(sides, outliers, "outliers");
  return sides;
}

/// Where examples of the class may be found.
inline std::string way_to_class(const Subject& subject, const Config& config) {
  const auto elsewhere = subject.data.test->labels();
  if (subject.split != Split::test && std::ranges::find(elsewhere, config.class_) != elsewhere.end())
    return "--split test, which holds it";
  return "another --anomaly.class, or --anomaly.outliers DATASET";
}

inline Sides against_class(const Subject& subject, const Config& config) {
  const Scores scores = score_examples(subject, config.scoring, config.examples);
  const std::vector<double> surprises = scores.surprises();
  const auto labels = subject.examples().labels();
  Sides sides{scores.by, {}, {}};
  add_doubt(sides, scores, "examples");
  for (size_t i = 0; i < surprises.size() && !labels.empty(); ++i)
    (labels[i] == config.class_ ? sides.outliers : sides.examples).push_back(surprises[i]);
  if (sides.outliers.empty() || sides.examples.empty())
    throw UsageError({.who = "anomaly",
                      .expected = fmt::format("examples of class {} and of others", config.class_),
                      .got = labels.empty()
                                 ? fmt::format("{}, which has no labels", subject.data.name)
                                 : fmt::format("{} of it among {}", sides.outliers.size(), surprises.size()),
                      .hint = way_to_class(subject, config)});
  return sides;
}

inline Measurement measure(const Subject& subject, const Config& config) {
  const bool by_class = config.class_ >= 0;
  if (by_class == !config.outliers.empty())
    throw UsageError({.who = "anomaly",
                      .expected = "either --anomaly.outliers DATASET or --anomaly.class N",
                      .got = by_class ? "both" : "neither",
                      .hint = "--anomaly.outliers mnist"});
  const Sides sides = by_class ? against_class(subject, config) : against_data_set(subject, config);
  const ops::AreaUnderRoc area = ops::area_under_roc(sides.examples, sides.outliers);
  const std::string by = enum_name(sides.by);

  Measurement result{
      .value = area.value, .standard_error = area.standard_error, .unit = fmt::format("AUC by {}", by)};
  const double sign = sides.by == Score::elbo ? -1 : 1;  // back to the score's own sense
  for (const auto& [name, numbers] :
       {std::pair("examples", &sides.examples), std::pair("outliers", &sides.outliers)}) {
    ops::RunningMean mean;
    for (const double number : *numbers) mean.add(sign * number);
    result.more.emplace_back(name, static_cast<double>(mean.count()));
    result.more.emplace_back(fmt::format("{}_{}", name, by), mean.mean());
  }
  result.warnings = sides.doubts;
  if (area.value < 0.5)
    result.warnings.push_back(
        fmt::format("by {} the outliers look more usual than the examples in {:.1f} % of pairs: it does not "
                    "find them; try another --anomaly.score",
                    by, 100 * (1 - area.value)));
  if (by_class && subject.data.config.without_class != config.class_)
    result.warnings.push_back(
        fmt::format("the model was trained on class {} too; train with --data.without_class {}",
                    config.class_, config.class_));
  return result;
}

}  // namespace isthmus::metrics::anomaly
