#include "isthmus/core/log_weights.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "isthmus/core/each_example.hpp"
#include "isthmus/core/error.hpp"
#include "isthmus/core/why_empty.hpp"

namespace isthmus {
namespace {

// Part of what a seed means: another value draws other numbers. Large enough to run the encoder, which each
// chunk repeats, only once per hundred runs of the decoder.
constexpr int64_t draws_of_chunk = 100;

// Floats of x that one call of the model makes: 1,900 rows of 28×28. A quarter of that and four times that
// are as fast for an MLP; a tenth of it and eight times that, out of the cache, are a fifth slower.
constexpr int64_t floats_at_once = 1'500'000;

}  // namespace

std::optional<std::string> why_no_log_weights(const Subject& subject, std::string_view metric) {
  const auto* model = subject.can<LatentVariable>();
  if (model == nullptr)
    return fmt::format(
        "{} needs a likelihood p(x|z) and a posterior q(z|x), and this model has none; use "
        "`reconstruction`, which every model has",
        metric);
  if (auto reason = model->no_likelihood()) return reason;
  return why_empty(subject);
}

void for_each_log_weights(const Subject& subject, int64_t draws, int64_t images,
                          const std::function<void(int64_t image, std::span<const double> weights)>& visit,
                          Proposal proposal, int64_t rows_at_once) {
  const at::NoGradGuard no_grad;
  auto* model = subject.can<LatentVariable>();
  auto* from_prior = subject.can<PriorProposal>();
  if (model == nullptr)
    throw UsageError({.who = "evaluate",
                      .expected = "a model with latent variables, for log p(x, z) − log q(z|x)",
                      .got = "one without",
                      .hint = "the metric `reconstruction`, which every model has"});
  if (proposal == Proposal::prior && from_prior == nullptr)
    throw UsageError(
        {.who = "evaluate",
         .expected = "a model that says p(x|z) of draws from its prior, for the proposal `prior`",
         .got = "one that does not",
         .hint = "--nll.proposal posterior"});
  const int64_t total = subject.count(images);
  if (rows_at_once == 0) rows_at_once = floats_at_once / elements(subject.examples().shape());
  const int64_t batch_size = std::max<int64_t>(1, rows_at_once / std::min(draws, draws_of_chunk));

  for_each_batch(subject, batch_size, images, [&](const Batch& batch, int64_t first) {
    for (int64_t drawn = 0; drawn < draws; drawn += draws_of_chunk) {
      const int64_t chunk = std::min(draws_of_chunk, draws - drawn);
      Noise noise(subject.seed, Purpose::evaluation, drawn / draws_of_chunk, first);
      const Tensor drawn_weights = proposal == Proposal::prior
                                       ? from_prior->prior_log_weights(batch, chunk, noise)
                                       : model->log_weights(batch, chunk, noise);
      const Tensor weights = drawn_weights.to(at::kCPU, at::kDouble).t().contiguous();
      const double* row = weights.const_data_ptr<double>();
      for (int64_t image = first; image < first + batch.size(); ++image, row += chunk) {
        const std::span<const double> of_image(row, static_cast<size_t>(chunk));
        for (const double weight : of_image) check_number(weight, image);
        visit(image, of_image);
      }
      subject.progress(first * draws + batch.size() * (drawn + chunk), total * draws, "draws");
    }
  });
}

}  // namespace isthmus
