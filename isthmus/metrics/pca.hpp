#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "isthmus/core/metric.hpp"
#include "isthmus/core/why_empty.hpp"
#include "isthmus/ops/principal_components.hpp"
#include "isthmus/ops/running_mean.hpp"

/// What metric `reconstruction` is held against: ‖x − x̂‖² an image of principal component analysis with as
/// many components as the model's code has numbers, the least of all linear codes (Baldi & Hornik 1989).
/// Exact: mean and covariance of the training split in float64, measured on the subject's split.
namespace isthmus::metrics::pca {

inline constexpr std::string_view summary =
    "squared error an image of PCA with a code of the same size: what a linear model could reach";

struct Config {
  int64_t components = 0;
  int64_t examples = 60'000;
  int64_t images = 0;

  static Config quick() { return {.components = 0, .examples = 10'000, .images = 1000}; }

  static constexpr auto fields() {
    return std::tuple{
        field<&Config::components>("principal components; 0 takes as many as the code has numbers",
                                   non_negative),
        field<&Config::examples>("the first so many training examples to fit; 0 takes all", non_negative),
        field<&Config::images>("the first so many images of the split; 0 takes all", non_negative),
    };
  }
};

/// The covariance of more would take gigabytes, and its eigenvectors minutes.
inline constexpr int64_t most_dimensions = 4096;

inline std::optional<std::string> why_not(const Subject& subject) {
  if (subject.can<Decoder>() == nullptr)
    return "pca takes as many components as the model's code has numbers, and this model has no such code; "
           "use `reconstruction`";
  if (auto empty = why_empty(subject)) return empty;
  const int64_t dimensions = elements(subject.examples().shape());
  if (dimensions > most_dimensions)
    return fmt::format(
        "the covariance of {} dimensions is too large, {} are the most; --data.size makes smaller images, "
        "where the data set can scale them",
        dimensions, most_dimensions);
  const int64_t code = subject.can<Decoder>()->code_size();
  if (code >= dimensions)
    return fmt::format(
        "a code of {} numbers holds all {} of an example, so PCA loses nothing; use `reconstruction`", code,
        dimensions);
  if (subject.data.train->size() < 2) return "PCA takes two training examples or more; use `reconstruction`";
  return std::nullopt;
}

/// The rows of a batch, float64, on the CPU.
inline Tensor points(const Batch& batch) {
  return batch.x.flatten(1).to(at::kCPU, at::kDouble);
}

/// Mean and covariance of the training split, binarised as the model sees it.
inline ops::Covariance covariance(const Subject& subject, int64_t examples) {
  Subject fitting = subject;
  fitting.split = Split::train;
  const int64_t size = fitting.examples().size();
  const int64_t total = examples == 0 ? size : std::min(examples, size);
  ops::Covariance all;
  for_each_batch(fitting, 2000, examples, [&](const Batch& batch, int64_t first) {
    all.add(points(batch));
    subject.progress(first + batch.size(), total, "training examples");
  });
  return all;
}

/// ‖x − x̂‖² of the images of the subject's split.
inline ops::RunningMean errors(const Subject& subject, const ops::PrincipalComponents& principal,
                               int64_t images) {
  ops::RunningMean all;
  for_each_batch(subject, 2000, images, [&](const Batch& batch, int64_t) {
    const Tensor x = points(batch);
    const Tensor lost = x - principal.mean - principal.project(x).matmul(principal.directions);
    const Tensor squares = lost.square().sum(1);
    for (int64_t row = 0; row < batch.size(); ++row) all.add(squares.const_data_ptr<double>()[row]);
  });
  return all;
}

inline Measurement measure(const Subject& subject, const Config& config) {
  const int64_t components = config.components == 0 ? subject.can<Decoder>()->code_size() : config.components;
  const int64_t dimensions = elements(subject.examples().shape());
  if (components >= dimensions)
    throw UsageError(
        {.who = "pca",
         .expected = fmt::format("fewer components than the {} dimensions of an example", dimensions),
         .got = fmt::format("{}", components),
         .hint = "a smaller --pca.components"});
  const ops::Covariance fitted = covariance(subject, config.examples);
  // n examples span n − 1 directions; any further one would be arbitrary, yet might lower the error.
  const int64_t taken = std::clamp<int64_t>(fitted.count() - 1, 1, components);
  const ops::PrincipalComponents principal = fitted.principal_components(taken);
  const ops::RunningMean lost = errors(subject, principal, config.images);

  // The mean over the examples, as the errors of the model are: over n, not n − 1.
  const auto n = static_cast<double>(fitted.count());
  Measurement result{.value = lost.mean(), .standard_error = lost.standard_error(), .unit = "squared error"};
  result.more = {
      {"components", static_cast<double>(taken)},
      {"explained", principal.total > 0 ? principal.variances.sum().item<double>() / principal.total : 1},
      {"train_variance", principal.total * (n - 1) / n},
      {"mean_pixel", principal.mean.mean().item<double>()},
      {"train_examples", n},
      {"images", static_cast<double>(lost.count())}};
  if (taken < components)
    result.warnings.push_back(
        fmt::format("{} training examples span fewer than {} directions, so only {} are taken; raise "
                    "--pca.examples or lower --pca.components",
                    fitted.count(), components, taken));
  return result;
}

}  // namespace isthmus::metrics::pca
