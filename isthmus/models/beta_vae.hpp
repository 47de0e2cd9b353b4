#pragma once

#include <string_view>
#include <tuple>

#include <fmt/format.h>

#include "isthmus/core/field.hpp"
#include "isthmus/core/paper.hpp"
#include "isthmus/core/schedule.hpp"
#include "isthmus/nn/gaussian_autoencoder.hpp"
#include "isthmus/ops/batch_mean.hpp"

namespace isthmus::models::beta_vae {

inline constexpr Paper paper{
    .authors = "Higgins et al.",
    .year = 2017,
    .title = "beta-VAE: Learning Basic Visual Concepts with a Constrained Variational Framework",
    .url = "https://openreview.net/forum?id=Sy2fzU9gl"};

inline constexpr std::string_view summary =
    "VAE whose KL term weighs beta, or is held at a capacity: fewer nats in the code, apart from each other";

inline constexpr std::string_view idea =
    "A VAE pays one nat for each nat by which its code strays from the prior. Here the price is beta. Above "
    "1 the code can afford only what helps the reconstruction most, and since the prior's dimensions are "
    "independent, a factor of the data that varies on its own (where a shape is, how large it is) comes "
    "cheapest in a dimension of its own: the code tends to come apart into such factors, and the images "
    "blur. Below 1 the images are sharp and the code is far from the prior. With a capacity C (Burgess et "
    "al. 2018, whose gamma is our beta) it is not every nat that costs but every nat away from C: the code "
    "is made to hold C nats, and a C that grows from 0 over the training lets the factors in one after the "
    "other, the most useful first, without giving up sharpness.";

inline constexpr std::string_view equation =
    R"(\mathcal{L} = -\mathbb{E}_x \mathbb{E}_{q(z|x)}\left[\log p(x|z)\right] + \beta \left|\, \mathbb{E}_x\left[\mathrm{KL}(q(z|x) \,\Vert\, p(z))\right] - C \,\right|)";

struct Config {
  nn::Backbone backbone;
  int64_t latent = 10;
  Schedule beta = 4.0;
  Schedule capacity = 0.0;
  nn::ObservationConfig observation;

  static constexpr auto fields() {
    return std::tuple{
        field<&Config::backbone>("encoder and decoder networks"),
        field<&Config::latent>("dimensions of the latent code z", positive),
        field<&Config::beta>(
            "price of a nat of the KL term, or of a nat away from the capacity (Burgess's gamma); 1 is a "
            "plain VAE; a schedule over steps",
            non_negative),
        field<&Config::capacity>(
            "nats that the KL term is drawn to; 0 is Higgins's beta-VAE; a schedule over steps, as \"0:0, "
            "100000:25\". With a capacity beta plays Burgess's gamma: they took 1000",
            non_negative),
        inlined<&Config::observation>(),
    };
  }
};

class Model final : public nn::GaussianAutoencoder {
 public:
  Model(const Config& config, const DataSpec& data, Noise noise)
      : GaussianAutoencoder(config.backbone, {.sizes = {config.latent}}, config.observation, data, noise),
        beta_(config.beta),
        capacity_(config.capacity) {}

  std::vector<std::string> warnings() const override {
    if (capacity_.greatest() == 0 || !(beta_ == Config{}.beta)) return {};
    return {fmt::format(
        "beta {} is low for a capacity: the KL term need not come near it; Burgess et al. took --beta 1000",
        beta_.text())};
  }

  /// As the VAE's, but for beta and the capacity (Higgins et al. 2017, equation 4; Burgess et al. 2018,
  /// equation 8). The KL is in nats, its mean over the batch held against the capacity. At capacity 0 the
  /// bars change nothing, since no KL is negative.
  Loss loss(const Batch& batch, Step& step) override {
    const auto [z, nats] = draw_with_kl(batch.x, step.noise);
    const Tensor reconstruction = -ops::batch_mean(log_prob_given(batch.x, z));
    const Tensor kl = ops::batch_mean(nats);
    const Tensor penalty = beta_.at(step.index) * (kl - capacity_.at(step.index)).abs();
    return {{{"loss", reconstruction + penalty}, {"reconstruction", reconstruction}, {"kl", kl}}};
  }

 private:
  Schedule beta_, capacity_;
};

}  // namespace isthmus::models::beta_vae
