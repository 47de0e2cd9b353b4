#pragma once

#include <string_view>
#include <tuple>
#include <vector>

#include <fmt/format.h>

#include "isthmus/core/error.hpp"
#include "isthmus/core/field.hpp"
#include "isthmus/core/paper.hpp"
#include "isthmus/nn/gaussian_autoencoder.hpp"
#include "isthmus/ops/batch_mean.hpp"
#include "isthmus/ops/log_mean_exp.hpp"

namespace isthmus::models::iwae {

inline constexpr Paper paper{.authors = "Burda et al.",
                             .year = 2016,
                             .title = "Importance Weighted Autoencoders",
                             .url = "https://arxiv.org/abs/1509.00519"};

inline constexpr std::string_view summary =
    "importance weighted autoencoder: a VAE trained on a tighter bound, from k draws of the code";

inline constexpr std::string_view idea =
    "A VAE's bound punishes its encoder for every draw that explains the image badly, so the encoder keeps "
    "to the safe and the model to what such an encoder can follow. Here k codes are drawn for each image, "
    "and each gets a weight w = p(x, z) / q(z|x). Their mean is an unbiased estimate of p(x), and its "
    "logarithm, on average, a bound on log p(x) that rises with k and reaches it in the limit; at k = 1 it "
    "is the VAE's. One good draw among k is enough now: the posterior may be of a shape that q only covers, "
    "and the model puts more dimensions of its code to use. The gradient weighs each draw by its share in "
    "the sum of weights. For the encoder that gradient drowns in noise as k grows, since the best q makes "
    "all weights equal and the bound flat; the doubly reparameterised gradient (Tucker et al. 2019) has the "
    "same mean, squares those shares and does not.";

inline constexpr std::string_view equation =
    R"(\mathcal{L}_k(x) = -\mathbb{E}_{z_1 \dots z_k \sim q(z|x)}\left[\log \frac{1}{k} \sum_{j=1}^{k} \frac{p(x, z_j)}{q(z_j|x)}\right])";

/// Of the loss in the encoder's parameters. Both have the same mean.
enum class Gradient { standard, doubly_reparameterised };

struct Config {
  nn::Backbone backbone;
  std::vector<int64_t> latent = {20};
  std::vector<int64_t> between = {};
  int64_t k = 5;
  Gradient gradient = Gradient::standard;
  nn::ObservationConfig observation;

  static constexpr auto fields() {
    return std::tuple{
        field<&Config::backbone>("encoder and decoder networks"),
        field<&Config::latent>(
            "dimensions of the latent code; two numbers make two stochastic layers, from the data up: 100,50",
            positive),
        field<&Config::between>(
            "of two stochastic layers: widths of the hidden layers between them; empty is linear", positive),
        field<&Config::k>("draws of the code for each example; 1 is a VAE",
                          Bound{.least = 1, .text = "of 1 or more"}),
        field<&Config::gradient>("for the encoder: standard, or doubly_reparameterised with less noise"),
        inlined<&Config::observation>(),
    };
  }
};

class Model final : public nn::GaussianAutoencoder {
 public:
  /// Throws UsageError unless there are one or two stochastic layers, and hidden layers between them only
  /// where there are two.
  Model(const Config& config, const DataSpec& data, Noise noise)
      : GaussianAutoencoder(config.backbone, checked(config), config.observation, data, noise),
        k_(config.k),
        gradient_(config.gradient) {}

  /// −L_k (equation 8), and the ELBO that the same draws estimate. The standard gradient is reparameterised
  /// as a VAE's (equation 14).
  Loss loss(const Batch& batch, Step& step) override {
    const Tensor weights = gradient_ == Gradient::standard
                               ? fresh_weights(batch.x, k_, step.noise)
                               : doubly_reparameterised(batch.x, draw(posterior(batch.x), k_, step.noise));
    return {{{"loss", -ops::batch_mean(ops::log_mean_exp(weights, 1))},
             {"elbo", ops::batch_mean(weights.detach())}}};
  }

 private:
  /// weights_of, with another gradient. q's parameters get a gradient through z alone, and there a draw's
  /// share w̃ in the sum of weights counts twice: once from log_mean_exp, once on its way from z (Tucker et
  /// al. 2019, equation 8). The parameters of p get the standard gradient.
  Tensor doubly_reparameterised(const Tensor& x, const nn::LatentDraws& draws) {
    // Stands between each draw and the densities; the draws of the layer above pass by it.
    std::vector<Tensor> z;
    for (const Tensor& drawn : draws.z) z.push_back(drawn.view_as(drawn));
    const Tensor weights = log_prob_given(x, z.front()) + log_prior(z) - log_posterior_frozen(draws, z);
    const Tensor share = weights.detach().softmax(1).unsqueeze(-1);
    for (Tensor& gate : z)
      if (gate.requires_grad())
        gate.register_hook([share](const Tensor& gradient) { return gradient * share; });
    return weights;
  }

  static nn::LatentLayers checked(const Config& config) {
    const size_t layers = config.latent.size();
    if (layers < 1 || layers > 2)
      throw UsageError({.who = "iwae",
                        .expected = "one or two stochastic layers",
                        .got = fmt::format("{} numbers in latent", layers),
                        .hint = "--latent 50, or --latent 100,50"});
    if (layers == 1 && !config.between.empty())
      throw UsageError({.who = "iwae",
                        .expected = "two stochastic layers, to have hidden layers between them",
                        .got = "one",
                        .hint = "--latent 100,50, or without --between"});
    return {.sizes = config.latent, .between = config.between};
  }

  int64_t k_;
  Gradient gradient_;
};

}  // namespace isthmus::models::iwae
