#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include <fmt/format.h>

#include "isthmus/core/error.hpp"
#include "isthmus/core/field.hpp"
#include "isthmus/core/model.hpp"
#include "isthmus/core/paper.hpp"
#include "isthmus/core/schedule.hpp"
#include "isthmus/nn/discrete_autoencoder.hpp"
#include "isthmus/ops/batch_mean.hpp"
#include "isthmus/ops/likelihood_ratio.hpp"

namespace isthmus::models::discrete_vae {

inline constexpr Paper paper{.authors = "Mnih & Rezende",
                             .year = 2016,
                             .title = "Variational Inference for Monte Carlo Objectives",
                             .url = "https://arxiv.org/abs/1602.06725"};

inline constexpr std::string_view summary =
    "variational autoencoder whose code is discrete: Bernoulli or categorical variables, with exact, "
    "likelihood-ratio and relaxed gradients";

inline constexpr std::string_view idea =
    "A code need not be numbers on a line: it can be switches, or choices among a few things, and then it "
    "can be read, stored and counted. The bound on log p(x) is the VAE's, but a draw of such a code cannot "
    "be moved a little, so no gradient passes through it into the encoder. There are four ways out. A code "
    "of few values can be summed over, exactly. The likelihood ratio makes draws that explained x well more "
    "likely, by as much as they did better than a baseline: without one it is correct on average and too "
    "noisy to learn from, and a network that guesses from x how well it will be explained (NVIL) takes most "
    "of the noise away. VIMCO draws several codes for each x and compares each with the others, so it needs "
    "no such network. And a relaxed draw, numbers between 0 and 1 that a temperature drives to the corners, "
    "has a gradient of little noise that points a little wrong.";

inline constexpr std::string_view equation =
    R"(\mathcal{L}(x) = -\sum_z q(z|x) \log p(x|z) + \mathrm{KL}(q(z|x) \,\Vert\, p(z))
\qquad \nabla \mathbb{E}_q\left[f\right] = \mathbb{E}_q\left[(f(z) - b(x)) \nabla \log q(z|x) + \nabla f(z)\right])";

enum class Latents { bernoulli, categorical };
enum class Prior { uniform, learned };
enum class Gradient { exact, score, vimco, gumbel, straight_through };
enum class Baseline { none, average, learned };

/// An exact gradient keeps the decoder's answer to every value of the code at once.
inline constexpr int64_t most_states = 4096;
/// Under a discretised logistic, where no matrix product stands for the pairs, an answer to every pixel of
/// every example besides: 160 MB for each step of the likelihood, in batches of 100.
inline constexpr int64_t most_logistic_pixels = 400'000;

struct Config {
  nn::Backbone backbone;
  Latents latents = Latents::bernoulli;
  int64_t variables = 30;
  int64_t categories = 10;
  Prior prior = Prior::uniform;
  Gradient gradient = Gradient::vimco;
  int64_t draws = 5;
  Baseline baseline = Baseline::learned;
  ops::LeftOut left_out = ops::LeftOut::geometric;
  Schedule temperature = 0.5;
  nn::ObservationConfig observation;

  static constexpr auto fields() {
    return std::tuple{
        field<&Config::backbone>("encoder and decoder networks"),
        field<&Config::latents>("variables of the code: two values each, or `categories`"),
        field<&Config::variables>("how many of them", positive),
        field<&Config::categories>("of categorical: values of a variable",
                                   Bound{.least = 2, .text = "of 2 or more"}),
        field<&Config::prior>("p(z): every value alike, or learned for each variable"),
        field<&Config::gradient>(
            "exact sums over all z (at most 4,096 values); score is the likelihood ratio; vimco the same for "
            "the bound of several draws; gumbel and straight_through relax the draw, with a bias"),
        field<&Config::draws>("of all but exact: draws of z for each example; the k of vimco's L_k",
                              positive),
        field<&Config::baseline>(
            "of score, what its signal is compared with: nothing, a moving average, or besides that a "
            "network's guess from x (NVIL)"),
        field<&Config::left_out>("of vimco: the mean that stands in for the draw that is left out"),
        field<&Config::temperature>("of gumbel and straight_through: of the relaxed draw", positive),
        inlined<&Config::observation>(),
    };
  }
};

/// Throws UsageError for a word that would do nothing, so that nobody takes it for tried.
inline void check(const Config& config) {
  const Config unset;
  const auto refuse = [](std::string_view word, std::string reader, std::string setting) {
    throw UsageError({.who = word,
                      .expected = fmt::format("its default, as only {} reads it", reader),
                      .got = "another value with " + setting,
                      .hint = fmt::format("{}, or leave --{} out", reader, word)});
  };
  const std::string chosen = "--gradient " + enum_name(config.gradient);
  const bool relaxed = config.gradient == Gradient::gumbel || config.gradient == Gradient::straight_through;
  if (config.latents == Latents::bernoulli && config.categories != unset.categories)
    refuse("categories", "--latents categorical", "--latents bernoulli");
  if (config.gradient != Gradient::score && config.baseline != unset.baseline)
    refuse("baseline", "--gradient score", chosen);
  if (config.gradient != Gradient::vimco && config.left_out != unset.left_out)
    refuse("left_out", "--gradient vimco", chosen);
  if (!relaxed && config.temperature != unset.temperature)
    refuse("temperature", "--gradient gumbel or straight_through", chosen);
  if (config.gradient == Gradient::exact && config.draws != unset.draws)
    refuse("draws", "a gradient by draws, as --gradient score,", chosen);
  if (config.gradient == Gradient::vimco && config.draws < 2)
    throw UsageError({.who = "draws",
                      .expected = "2 or more for --gradient vimco, which compares each draw with the others",
                      .got = fmt::format("{}", config.draws),
                      .hint = "--gradient score, which takes one"});
}

inline distributions::DiscreteCode code_for(const Config& config) {
  return {config.variables, config.latents == Latents::categorical ? config.categories : 0};
}

/// Throws UsageError for a sum over more than can be held at once.
inline void check_sum(const Config& config, const DataSpec& data) {
  if (config.gradient != Gradient::exact) return;
  const std::string other = "fewer --variables, or --gradient vimco, score, gumbel or straight_through";
  const auto states = code_for(config).states(most_states);
  if (!states)
    throw UsageError({.who = "gradient",
                      .expected = fmt::format("a code of at most {} values to sum over", most_states),
                      .got = fmt::format("{} {} variables", config.variables, enum_name(config.latents)),
                      .hint = other});
  const int64_t pixels = elements(data.shape);
  if (config.observation.likelihood == nn::Likelihood::discretised_logistic &&
      *states * pixels > most_logistic_pixels)
    throw UsageError(
        {.who = "gradient",
         .expected = fmt::format("at most {} values of the code times pixels, to sum over them under a "
                                 "discretised_logistic",
                                 most_logistic_pixels),
         .got = fmt::format("{} values times {} pixels", *states, pixels),
         .hint = fmt::format("{}, or --likelihood gaussian", other)});
}

/// z ~ p(z), discrete; x ~ p(x|z) from the decoder; q(z|x) with logits from the encoder. All gradients but
/// vimco's are of the ELBO, its KL(q(z|x) ‖ p(z)) in closed form; vimco's is of L_k. gumbel and
/// straight_through put a relaxed draw into the likelihood, and keep the KL of the discrete posterior (Jang
/// et al. 2017): what gumbel minimises is no bound on −log p(x).
class Model final : public nn::DiscreteAutoencoder {
 public:
  Model(const Config& config, const DataSpec& data, Noise noise)
      : DiscreteAutoencoder(checked_backbone(config, data), code_for(config), config.prior == Prior::learned,
                            config.observation, data, noise),
        config_(config) {
    if (config.gradient == Gradient::exact) states_ = code().all_states(most_states);
    if (has_baseline()) {
      signal_ = register_buffer("signal", at::zeros({}));
      seen_ = register_buffer("seen", at::zeros({}));
    }
    if (config.gradient == Gradient::score && config.baseline == Baseline::learned)
      guess_ = register_module("baseline", nn::make_encoder(config.backbone, data.shape, 1, noise));
  }

  Loss loss(const Batch& batch, Step& step) override {
    const Tensor q = logits(batch.x);
    switch (config_.gradient) {
      case Gradient::exact:
        return exact(batch, q);
      case Gradient::score:
        return score(batch, q, step.noise);
      case Gradient::vimco:
        return vimco(batch, q, step.noise);
      case Gradient::gumbel:
      case Gradient::straight_through:
        break;
    }
    return relaxed(batch, q, step);
  }

  /// The moving average of the learning signal, from its sum over the batch and the number of examples.
  void after_step(std::span<const Tensor> statistics) override {
    if (!has_baseline()) return;
    const at::NoGradGuard no_grad;
    signal_.mul_(decay).add_(statistics[0] / statistics[1], 1 - decay);
    seen_.mul_(decay).add_(1 - decay);
  }

 private:
  static constexpr double decay = 0.99;

  /// The backbone of a Config that has passed its checks, so that nothing is built of one that has not.
  static nn::Backbone checked_backbone(const Config& config, const DataSpec& data) {
    check(config);
    check_sum(config, data);
    return config.backbone;
  }

  bool has_baseline() const {
    return config_.gradient == Gradient::score && config_.baseline != Baseline::none;
  }

  static Loss elbo(const Tensor& log_p_x, const Tensor& kl) {
    const Tensor reconstruction = -ops::batch_mean(log_p_x);
    const Tensor mean_kl = ops::batch_mean(kl);
    return {{{"loss", reconstruction + mean_kl}, {"reconstruction", reconstruction}, {"kl", mean_kl}}};
  }

  /// E_q[log p(x|z)] as the sum over all z.
  Loss exact(const Batch& batch, const Tensor& q) const {
    const Tensor z = states_.to(q.device());
    const Tensor log_p_x = log_prob_given_each(batch.x, z);
    const Tensor weights = at::exp(code().log_prob_of_each(q, z));  // [batch, states]
    return elbo((weights * log_p_x).sum(1), kl_to_prior(q));
  }

  Loss score(const Batch& batch, const Tensor& q, Noise& noise) const {
    const Tensor z = code().draw(q, config_.draws, noise);
    const Tensor log_p_x = log_prob_given(batch.x, z);  // the learning signal, [k, batch]
    Tensor baseline = at::zeros({}, q.options());
    if (has_baseline()) baseline = at::where(seen_ > 0, signal_ / seen_, baseline);
    if (guess_) baseline = baseline + guess_->forward(batch.x).squeeze(1);
    const Tensor log_q_z = code().log_prob(q.unsqueeze(1), z).t();
    Loss loss = elbo(ops::likelihood_ratio(log_p_x, log_q_z, baseline), kl_to_prior(q));
    if (guess_) {
      // The guess learns by regression: worth 0 here, so that the loss stays the ELBO's, and with a gradient
      // in the guess's own parameters alone.
      const Tensor error = ops::batch_mean((log_p_x.detach() - baseline).square());
      loss.terms.front().second = loss.total() + (error - error.detach());
      loss.terms.emplace_back("baseline_error", error);
    }
    if (has_baseline())
      loss.statistics = {log_p_x.detach().mean(0).sum(),
                         at::full({}, static_cast<double>(batch.size()), q.options())};
    return loss;
  }

  Loss vimco(const Batch& batch, const Tensor& q, Noise& noise) const {
    const Tensor z = code().draw(q, config_.draws, noise);
    const Tensor log_p_x = log_prob_given(batch.x, z);
    const Tensor log_q_z = code().log_prob(q.unsqueeze(1), z).t();
    const Tensor log_weights = log_p_x + log_prior(z).t() - log_q_z;
    return {{{"loss", -ops::batch_mean(ops::vimco(log_weights, log_q_z, config_.left_out))},
             {"reconstruction", -ops::batch_mean(log_p_x)},
             {"kl", ops::batch_mean(kl_to_prior(q))}}};
  }

  /// In evaluation mode z is a draw, so the loss is −ELBO whatever the temperature.
  Loss relaxed(const Batch& batch, const Tensor& q, Step& step) const {
    const Tensor perturbed = code().perturb(q, config_.draws, step.noise);
    const Tensor soft = code().mean(perturbed / config_.temperature.at(step.index));
    const Tensor hard = code().mode(perturbed);
    Tensor z = hard;
    if (is_training()) z = config_.gradient == Gradient::gumbel ? soft : hard + (soft - soft.detach());
    return elbo(log_prob_given(batch.x, z), kl_to_prior(q));
  }

  Config config_;
  std::shared_ptr<nn::Network> guess_;  // log p(x|z) from x alone: the learned baseline
  Tensor states_;                       // [states, width], of an exact gradient; follows from the Config
  Tensor signal_, seen_;                // moving average of the learning signal, and of 1, which starts at 0
};

}  // namespace isthmus::models::discrete_vae
