#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "isthmus/core/subject.hpp"

namespace isthmus {

/// Where an importance estimate draws z from.
enum class Proposal { posterior, prior };

/// Why there are no log-weights to measure: the model has no latent variables, or its numbers are no
/// log-likelihood of this data, or the split is empty. nullopt when there are.
std::optional<std::string> why_no_log_weights(const Subject& subject, std::string_view metric);

/// Calls visit(image, weights) with log p(x, z) − log q(z|x), in nats, for `draws` draws of z from q(z|x) for
/// each of the first `images` images of the split (0: all). An image's weights come in chunks, in order, and
/// all chunks of an image before those of a later batch; memory stays bounded whatever `draws` is.
///
/// The draws of an image depend on the seed, on its place in the split and on the number of the chunk, so
/// `rows_at_once` (images × draws of one call of the model; 0: what suits the machine) changes nothing but
/// the time. Progress is reported in draws. Throws Error when a weight is not a number.
///
/// With Proposal::prior z is drawn from p(z) and the weight is log p(x|z): Monte Carlo in its simplest form.
/// Throws UsageError when the model is no PriorProposal, or no LatentVariable at all.
void for_each_log_weights(const Subject& subject, int64_t draws, int64_t images,
                          const std::function<void(int64_t image, std::span<const double> weights)>& visit,
                          Proposal proposal = Proposal::posterior, int64_t rows_at_once = 0);

}  // namespace isthmus
