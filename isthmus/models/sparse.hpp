#pragma once

#include <string_view>
#include <tuple>
#include <vector>

#include "isthmus/core/enum_names.hpp"
#include "isthmus/core/error.hpp"
#include "isthmus/core/paper.hpp"
#include "isthmus/core/schedule.hpp"
#include "isthmus/distributions/bernoulli.hpp"
#include "isthmus/nn/autoencoder.hpp"
#include "isthmus/ops/batch_mean.hpp"

namespace isthmus::models::sparse {

inline constexpr Paper paper{.authors = "Ng",
                             .year = 2011,
                             .title = "Sparse autoencoder (CS294A lecture notes)",
                             .url = "https://web.stanford.edu/class/cs294a/sparseAutoencoder.pdf"};

inline constexpr std::string_view summary =
    "sparse autoencoder: sigmoid units that are each active for few examples";

inline constexpr std::string_view idea =
    "The code may have more units than x has pixels, but each unit is asked to be active for a small share ρ "
    "of the examples: its mean activation over the batch, seen as the probability of a coin, is pulled "
    "towards ρ by the Kullback-Leibler divergence of the two coins. An example is then told by the few units "
    "that answer to it, and the units become parts: strokes, edges, sleeves.";

inline constexpr std::string_view equation =
    R"(L = \frac1n \sum_i \lVert x_i - g(f(x_i)) \rVert^2 + \beta \sum_j \mathrm{KL}(\rho \,\Vert\, \hat\rho_j),
\quad \hat\rho_j = \frac1n \sum_i f_j(x_i))";

struct Config {
  nn::AutoencoderConfig network{.backbone = {.hidden = {}, .activation = nn::Activation::sigmoid},
                                .latent = 500};
  double rho = 0.05;
  Schedule beta = 1.0;

  static constexpr auto fields() {
    return std::tuple{
        inlined<&Config::network>(),
        field<&Config::rho>(
            "mean activation that every hidden unit is pulled to",
            Bound{.least = 0, .greatest = 0.999999, .open = true, .text = "above 0, below 1"}),
        field<&Config::beta>("weight of that pull, summed over units", non_negative),
    };
  }
};

class Model final : public nn::Autoencoder {
 public:
  Model(const Config& config, const DataSpec& data, Noise noise)
      : Autoencoder(config.network, data, noise, nn::Activation::sigmoid),
        rho_(config.rho),
        beta_(config.beta) {
    if (config.network.backbone.activation != nn::Activation::sigmoid)
      throw UsageError({.who = "sparse",
                        .expected = "sigmoid units, whose means are from 0 to 1",
                        .got = enum_name(config.network.backbone.activation),
                        .hint = "--backbone.activation sigmoid"});
  }

  /// ρ̂ is differentiated through: a unit's gradient depends on the whole batch.
  Loss loss(const Batch& batch, Step& step) override {
    const std::vector<Tensor> hidden = encoder().activations(batch.x);
    const std::vector<Tensor> back = decoder().activations(hidden.back());
    const Tensor reconstruction = ops::batch_mean(output_error(back.back(), batch.x));
    Tensor divergence = at::zeros({}, reconstruction.options());
    for (const Tensor& layer : hidden) divergence = divergence + pull(layer);
    for (size_t i = 0; i + 1 < back.size(); ++i) divergence = divergence + pull(back[i]);
    return {{{"loss", reconstruction + beta_.at(step.index) * divergence},
             {"reconstruction", reconstruction},
             {"divergence", divergence},
             {"mean_activation", hidden.back().detach().mean()}}};
  }

 private:
  /// Σ_j KL(ρ ‖ ρ̂_j), nats; a unit of a convolution is a channel at all its places.
  Tensor pull(const Tensor& layer) const {
    const Tensor mean = layer.dim() == 4 ? layer.mean({0, 2, 3}) : layer.mean(0);
    return distributions::bernoulli::kl_of_means(rho_, mean);
  }

  double rho_;
  Schedule beta_;
};

}  // namespace isthmus::models::sparse
