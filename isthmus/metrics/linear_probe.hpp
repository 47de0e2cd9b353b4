#pragma once

#include <cmath>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "isthmus/core/codes.hpp"
#include "isthmus/core/metric.hpp"
#include "isthmus/core/why_empty.hpp"
#include "isthmus/core/why_no_code.hpp"
#include "isthmus/ops/logistic_regression.hpp"

/// How much of the class can be read off the code (or, to compare with, the pixels) by a linear classifier:
/// the error of a multinomial logistic regression, fitted to convergence on the codes of the training split
/// and measured on those of the subject's. Codes are standardised by the mean and deviation of the training
/// codes, unless told otherwise.
namespace isthmus::metrics::linear_probe {

inline constexpr std::string_view summary =
    "error of a logistic regression from code to class; lower is better";

enum class Of { code, pixels };

struct Config {
  Of of = Of::code;
  int64_t examples = 0;
  double l2 = 1;
  bool standardise = true;
  int64_t iterations = 3000;

  static Config quick() { return {.examples = 10'000}; }

  static constexpr auto fields() {
    return std::tuple{
        field<&Config::of>(
            "what the class is read off: the model's code, or the pixels as they are, the bar for a code"),
        field<&Config::examples>("the first so many training examples to fit; 0 takes all", non_negative),
        field<&Config::l2>("l2 ‖W‖²/2 is added to the summed cross-entropy", non_negative),
        field<&Config::standardise>(
            "takes each number of the code in its own standard deviation, so that the "
            "penalty is fair to rare ones; else all in the same"),
        field<&Config::iterations>("steps of L-BFGS at most", Bound{.least = 1, .text = "of 1 or more"}),
    };
  }
};

inline std::optional<std::string> why_not(const Subject& subject) {
  if (const auto reason = why_no_code(subject))
    return "linear_probe reads the class off the code, and " + *reason + "; use `reconstruction`";
  if (auto empty = why_empty({subject.model, subject.data, Split::train})) return empty;
  if (auto empty = why_empty(subject)) return empty;
  if (subject.data.train->labels().empty() || subject.examples().labels().empty())
    return "linear_probe needs the class of each example, and " + subject.data.name +
           " has no labels; use `reconstruction`, or a data set with classes (`isthmus datasets`)";
  return std::nullopt;
}

/// Codes, or the pixels in their place, and labels of the first `count` examples (0: all).
inline Codes features_of(const Subject& subject, Of of, int64_t count) {
  if (of == Of::code) return encode_split(subject, count);
  std::vector<Tensor> pixels;
  std::vector<Tensor> labels;
  for_each_batch(subject, 1024, count, [&](const Batch& batch, int64_t) {
    pixels.push_back(batch.x.flatten(1).cpu());
    labels.push_back(batch.labels.cpu());
  });
  return {.code = at::cat(pixels), .labels = at::cat(labels)};
}

inline Measurement measure(const Subject& subject, const Config& config) {
  Subject fitting = subject;
  fitting.split = Split::train;
  Codes train = features_of(fitting, config.of, config.examples);
  Codes held_out = features_of(subject, config.of, 0);

  const auto [deviation, mean] = at::std_mean(train.code.to(at::kDouble), 0, false);
  const Tensor common = deviation.square().mean().sqrt().expand_as(deviation);
  const Tensor chosen = config.standardise ? deviation : common;
  const Tensor scale = at::where(chosen > 0, chosen, at::ones_like(chosen));  // of a dead unit: any
  const auto standardise = [&](Tensor& code) { code.sub_(mean).div_(scale); };
  standardise(train.code);
  standardise(held_out.code);

  const int64_t classes =
      1 + std::max(train.labels.max().item<int64_t>(), held_out.labels.max().item<int64_t>());
  const auto probe = ops::fit_logistic_regression(
      train.code, train.labels, classes, config.l2, config.iterations,
      [&](int64_t steps) { subject.progress(steps, config.iterations, "steps"); });
  const auto n = static_cast<double>(held_out.labels.size(0));
  const double error = (probe.classify(held_out.code) != held_out.labels).sum().item<double>() / n;

  Measurement result{
      .value = 100 * error, .standard_error = 100 * std::sqrt(error * (1 - error) / n), .unit = "%"};
  result.more = {{"train_examples", static_cast<double>(train.labels.size(0))},
                 {"examples", n},
                 {"classes", static_cast<double>(classes)},
                 {"train_loss", probe.loss},
                 {"steps", static_cast<double>(probe.iterations)}};
  if (!probe.converged)
    result.warnings.push_back(fmt::format(
        "the regression has not converged in {} steps; raise --linear_probe.iterations or --linear_probe.l2",
        probe.iterations));
  if (subject.split == Split::train)
    result.warnings.emplace_back("measured on the examples that it was fitted to; use --split test");
  const Tensor counts = at::bincount(train.labels, {}, classes);
  for (int64_t label = 0; label < classes; ++label)
    if (counts[label].item<int64_t>() == 0)
      result.warnings.push_back(
          fmt::format("no example of class {} among the {} training examples; raise --linear_probe.examples",
                      label, train.labels.size(0)));
  return result;
}

}  // namespace isthmus::metrics::linear_probe
