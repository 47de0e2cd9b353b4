#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "isthmus/core/log_weights.hpp"
#include "isthmus/ops/log_mean_exp.hpp"

namespace isthmus {

/// Of each of the first `images` images of the split (0: all): log p(x) by importance sampling from `draws`
/// draws, L_k (Burda et al. 2016, equation 8). Throws as for_each_log_weights does, and Error, as `who`, for
/// an image that the model holds impossible.
std::vector<ops::LogMeanExp> estimate_evidence(std::string_view who, const Subject& subject, int64_t draws,
                                               int64_t images, Proposal proposal = Proposal::posterior);

/// How far such estimates can be trusted, over their images.
struct Trust {
  int64_t draws;           ///< of each image
  double effective_draws;  ///< mean effective sample size
  double dominated_share;  ///< share of the images that one draw decides, with over half of the sum
};

Trust trust_in(std::span<const ops::LogMeanExp> evidence);

/// Why they cannot be trusted, with `hint` for what to do; nullopt when nothing speaks against them. Weights
/// that are all but equal speak for themselves however few they are, except that one weight always equals
/// itself.
std::optional<std::string> why_doubt(const Trust& trust, std::string_view hint);

}  // namespace isthmus
