#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>
#include <tuple>

#include <fmt/format.h>

#include "isthmus/core/error.hpp"
#include "isthmus/core/paper.hpp"
#include "isthmus/core/schedule.hpp"
#include "isthmus/nn/autoencoder.hpp"
#include "isthmus/ops/batch_mean.hpp"
#include "isthmus/ops/top_k.hpp"

namespace isthmus::models::k_sparse {

inline constexpr Paper paper{.authors = "Makhzani & Frey",
                             .year = 2013,
                             .title = "k-Sparse Autoencoders",
                             .url = "https://arxiv.org/abs/1312.5663"};

inline constexpr std::string_view summary =
    "k-sparse autoencoder: linear units, of which the k largest are kept for each example";

inline constexpr std::string_view idea =
    "The code is linear, but only its k largest units reach the decoder, the others are set to 0; so every "
    "example is a sum of k atoms of a dictionary that is learned. Gradients flow through the kept units "
    "alone. Large k teaches local strokes, small k whole shapes; k starts large and falls during training, "
    "or units that are never among the first would never learn. When codes are read for classification, α·k "
    "units are kept: a few more help.";

inline constexpr std::string_view equation =
    R"(L(x) = \lVert x - (W^\top z + b') \rVert^2, \quad z = \operatorname{top}_k(W x + b))";

struct Config {
  nn::AutoencoderConfig network{.backbone = {.hidden = {}, .tied = true}, .latent = 1000};
  Schedule k = 25.0;
  double alpha = 1;

  static constexpr auto fields() {
    return std::tuple{
        inlined<&Config::network>(),
        field<&Config::k>("units kept for an example; a schedule over steps, its last value is the model's",
                          Bound{.least = 1, .text = "of 1 or more"}),
        field<&Config::alpha>("codes (encode, linear_probe) keep alpha times k units",
                              Bound{.least = 1, .text = "of 1 or more"}),
    };
  }
};

class Model final : public nn::Autoencoder {
 public:
  Model(const Config& config, const DataSpec& data, Noise noise)
      : Autoencoder(config.network, data, noise, nn::Activation::identity),
        k_(config.k),
        alpha_(config.alpha) {
    if (k_.greatest() > static_cast<double>(code_size()))
      throw UsageError({.who = "k",
                        .expected = fmt::format("at most the {} units of the code", code_size()),
                        .got = k_.text(),
                        .hint = "a smaller --k, or a larger --latent"});
    if (data.mean.defined() && stacked_layers() == 1) start_at(data.mean);
  }

  Loss loss(const Batch& batch, Step& step) override {
    return {{{"loss", ops::batch_mean(error(keep(batch.x, k_.at(step.index)), batch.x))}}};
  }

  /// With alpha times as many units as reconstruct keeps.
  Tensor encode(const Tensor& x) override { return keep(x, alpha_ * k_.last()); }
  /// Of the k largest of the units that a code has kept, whatever alpha is: the dictionary learned to sum k
  /// atoms.
  Tensor decode(const Tensor& code) override {
    constexpr double last = -std::numeric_limits<double>::infinity();  // a unit at 0 was not kept
    const Tensor kept = ops::keep_top_k(at::where(code != 0, code, last), std::llround(k_.last()));
    return Autoencoder::decode(at::where(kept.isinf(), 0, kept));
  }
  Tensor reconstruct(const Batch& batch, Noise&) override { return decode(keep(batch.x, k_.last())); }

  /// Of the units that are kept: one far below 0 takes no part in x, whatever its size.
  Tensor responses(const Tensor& x) override {
    return stacked_layers() == 1 ? keep(x, k_.last()).abs() : Autoencoder::responses(x);
  }

 private:
  /// Lets every unit answer `mean` with 0. Else those that happen to look like it are among the k largest for
  /// every example, and many of the others are never kept and never learn.
  void start_at(const Tensor& mean) {
    const at::NoGradGuard no_grad;
    encoder().output_bias().copy_(-at::mv(encoder().first_weight(), mean.flatten()));
  }

  /// The code of x, [batch, latent], all but its `units` largest set to 0.
  Tensor keep(const Tensor& x, double units) {
    return ops::keep_top_k(encoder().forward(x), std::min<int64_t>(std::llround(units), code_size()));
  }

  Schedule k_;
  double alpha_;
};

}  // namespace isthmus::models::k_sparse
