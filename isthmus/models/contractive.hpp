#pragma once

#include <string_view>
#include <tuple>

#include "isthmus/core/paper.hpp"
#include "isthmus/core/schedule.hpp"
#include "isthmus/nn/autoencoder.hpp"
#include "isthmus/ops/batch_mean.hpp"
#include "isthmus/ops/jacobian.hpp"
#include "isthmus/ops/layer_jacobian.hpp"

namespace isthmus::models::contractive {

inline constexpr Paper paper{
    .authors = "Rifai et al.",
    .year = 2011,
    .title = "Contractive Auto-Encoders: Explicit Invariance During Feature Extraction",
    .url = "https://icml.cc/2011/papers/455_icmlpaper.pdf"};

inline constexpr std::string_view summary = "contractive autoencoder: a code that moves little when x does";

inline constexpr std::string_view idea =
    "The loss charges the code for every way in which a small change of x would change it: the squared "
    "Frobenius norm of the encoder's Jacobian. The reconstruction holds on to the directions in which the "
    "data vary, for without them it fails; in all others the code learns to stand still. For one layer of "
    "units the norm has a closed form that costs next to nothing; deep encoders take it exactly by "
    "vector-Jacobian products or by Hutchinson's unbiased estimate.";

inline constexpr std::string_view equation =
    R"(L(x) = \lVert x - g(f(x)) \rVert^2 + \lambda \lVert J_f(x) \rVert_F^2,
\quad \lVert J_f \rVert_F^2 = \sum_j \bigl(h_j (1 - h_j)\bigr)^2 \sum_i W_{ji}^2 \text{ for one sigmoid layer})";

/// How the norm of a deep encoder's Jacobian is taken: every code unit's gradient, or random combinations of
/// them.
enum class Jacobian { exact, hutchinson };

struct Config {
  nn::AutoencoderConfig network{
      .backbone = {.hidden = {}, .activation = nn::Activation::sigmoid, .tied = true}, .latent = 500};
  nn::Activation code_activation = nn::Activation::sigmoid;
  Schedule lambda = 0.1;
  Jacobian jacobian = Jacobian::exact;
  int64_t probes = 1;

  static constexpr auto fields() {
    return std::tuple{
        inlined<&Config::network>(),
        field<&Config::code_activation>("after the code"),
        field<&Config::lambda>("weight of the penalty", non_negative),
        field<&Config::jacobian>(
            "of more layers than one (one has a closed form): exact, which keeps batch × code rows of the "
            "encoder in memory for a step, or an unbiased estimate of batch × probes rows"),
        field<&Config::probes>("of hutchinson: random directions an example", positive),
    };
  }
};

class Model final : public nn::Autoencoder {
 public:
  Model(const Config& config, const DataSpec& data, Noise noise)
      : Autoencoder(config.network, data, noise, config.code_activation), config_(config) {}

  Loss loss(const Batch& batch, Step& step) override {
    const Tensor code = encode(batch.x);
    const Tensor reconstruction = ops::batch_mean(error(code, batch.x));
    const Tensor penalty = ops::batch_mean(squared_jacobian_norm(batch.x, code, step.noise));
    return {{{"loss", reconstruction + config_.lambda.at(step.index) * penalty},
             {"reconstruction", reconstruction},
             {"penalty", penalty}}};
  }

 private:
  /// [batch]: ‖∂f/∂x‖²_F, differentiable in the weights.
  Tensor squared_jacobian_norm(const Tensor& x, const Tensor& code, Noise& noise) {
    if (stacked_layers() == 1)
      return ops::layer_squared_jacobian_norm(code, encoder().first_weight(), config_.code_activation);
    const auto f = [this](const Tensor& input) { return encode(input); };
    return config_.jacobian == Jacobian::exact
               ? ops::squared_jacobian_norm(f, x)
               : ops::estimate_squared_jacobian_norm(f, x, noise, config_.probes);
  }

  Config config_;
};

}  // namespace isthmus::models::contractive
