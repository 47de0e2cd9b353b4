#pragma once

#include <string_view>
#include <tuple>

#include "isthmus/core/paper.hpp"
#include "isthmus/nn/autoencoder.hpp"
#include "isthmus/nn/corruption.hpp"
#include "isthmus/ops/batch_mean.hpp"

namespace isthmus::models::denoising {

inline constexpr Paper paper{.authors = "Vincent et al.",
                             .year = 2008,
                             .title = "Extracting and Composing Robust Features with Denoising Autoencoders",
                             .url = "https://doi.org/10.1145/1390156.1390294"};

inline constexpr std::string_view summary =
    "denoising autoencoder: recovers x from a damaged copy, so its code must know what belongs together";

inline constexpr std::string_view idea =
    "Each training example is damaged before the encoder sees it (pixels set to 0, noise added), and the "
    "loss asks for the undamaged x. Copying the input no longer helps, however large the code is: what is "
    "missing has to be inferred from what is left, so the units learn which pixels go together. At the "
    "optimum the map from damaged to recovered points uphill in the density of the data. Nothing is damaged "
    "when the model is used.";

inline constexpr std::string_view equation =
    R"(L(x) = \mathbb{E}_{\tilde x \sim c(\tilde x \mid x)} \lVert x - g(f(\tilde x)) \rVert^2)";

struct Config {
  nn::AutoencoderConfig network{.backbone = {.hidden = {}}, .latent = 500};
  nn::Activation code_activation = nn::Activation::sigmoid;
  nn::Corruption corruption;

  static constexpr auto fields() {
    return std::tuple{
        inlined<&Config::network>(),
        field<&Config::code_activation>("after the code"),
        inlined<&Config::corruption>(),
    };
  }
};

class Model final : public nn::Autoencoder, public Denoiser, public Layerwise {
 public:
  Model(const Config& config, const DataSpec& data, Noise noise)
      : Autoencoder(config.network, data, noise, config.code_activation), corruption_(config.corruption) {
    nn::check(corruption_);
  }

  Loss loss(const Batch& batch, Step& step) override {
    return {{{"loss", ops::batch_mean(error(encode(damaged(batch.x, step.noise)), batch.x))}}};
  }

  Tensor corrupt(const Tensor& x, Noise& noise) override { return nn::corrupt(x, corruption_, noise); }

  /// Stacked (Vincent et al. 2010, section 3.5): every layer recovers its own input from a damaged copy of
  /// it.
  int64_t layers() const override { return stacked_layers(); }
  Loss layer_loss(int64_t layer, const Batch& batch, Step& step) override {
    const auto damage = [&](const Tensor& h) { return damaged(h, step.noise); };
    return {{{"loss", ops::batch_mean(layer_error(layer, batch.x, damage))}}};
  }

 private:
  /// Held-out examples are not damaged.
  Tensor damaged(const Tensor& x, Noise& noise) { return is_training() ? corrupt(x, noise) : x; }

  nn::Corruption corruption_;
};

}  // namespace isthmus::models::denoising
