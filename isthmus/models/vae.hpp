#pragma once

#include <string_view>
#include <tuple>

#include "isthmus/core/field.hpp"
#include "isthmus/core/paper.hpp"
#include "isthmus/nn/gaussian_autoencoder.hpp"
#include "isthmus/ops/batch_mean.hpp"

namespace isthmus::models::vae {

inline constexpr Paper paper{.authors = "Kingma & Welling",
                             .year = 2014,
                             .title = "Auto-Encoding Variational Bayes",
                             .url = "https://arxiv.org/abs/1312.6114"};

inline constexpr std::string_view summary =
    "variational autoencoder: a Gaussian code with a prior, trained on a lower bound of log p(x)";

inline constexpr std::string_view idea =
    "Suppose that every image x came about in two draws: first a code z, a few numbers from the prior p(z), "
    "a standard normal; then x itself from p(x|z), whose parameters a decoder network computes from z. The "
    "likelihood of an image under this story is an integral over all codes, which has no closed form. So a "
    "second network, the encoder, looks at x and names the codes that may have made it: q(z|x), a Gaussian "
    "with a mean μ and a variance σ² for each dimension. It turns the integral into a bound that can be "
    "computed, the evidence lower bound (ELBO) on log p(x): how well x is recovered from a code drawn from "
    "q, less the nats by which q strays from the prior. The draw is written as z = μ + σ·ε with ε from a "
    "standard normal, so that the gradient passes through it into the encoder, and both networks are "
    "trained at once. Decoding draws from the prior then makes images that nobody took.";

inline constexpr std::string_view equation =
    R"(\mathcal{L}(x) = -\mathbb{E}_{q(z|x)}\left[\log p(x|z)\right] + \mathrm{KL}(q(z|x) \,\Vert\, p(z))
\qquad q(z|x) = \mathcal{N}\left(\mu(x), \operatorname{diag} \sigma^2(x)\right) \qquad p(z) = \mathcal{N}(0, I))";

struct Config {
  nn::Backbone backbone;
  int64_t latent = 20;
  nn::ObservationConfig observation;

  static constexpr auto fields() {
    return std::tuple{
        field<&Config::backbone>("encoder and decoder networks"),
        field<&Config::latent>("dimensions of the latent code z", positive),
        inlined<&Config::observation>(),
    };
  }
};

/// z ~ p(z) = N(0, I), x ~ p(x|z) from the decoder; q(z|x) = N(μ(x), diag σ²(x)) from the encoder.
class Model final : public nn::GaussianAutoencoder {
 public:
  Model(const Config& config, const DataSpec& data, Noise noise)
      : GaussianAutoencoder(config.backbone, {.sizes = {config.latent}}, config.observation, data, noise) {}

  /// −ELBO = E_q[−log p(x|z)] + KL(q(z|x) ‖ p(z)): one reparameterised draw of z, the KL in closed form
  /// (equation 10).
  Loss loss(const Batch& batch, Step& step) override {
    const auto [z, nats] = draw_with_kl(batch.x, step.noise);
    const Tensor reconstruction = -ops::batch_mean(log_prob_given(batch.x, z));
    const Tensor kl = ops::batch_mean(nats);
    return {{{"loss", reconstruction + kl}, {"reconstruction", reconstruction}, {"kl", kl}}};
  }
};

}  // namespace isthmus::models::vae
