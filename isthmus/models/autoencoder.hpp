#pragma once

#include <string_view>
#include <tuple>

#include "isthmus/core/paper.hpp"
#include "isthmus/nn/autoencoder.hpp"
#include "isthmus/ops/batch_mean.hpp"

namespace isthmus::models::autoencoder {

inline constexpr Paper paper{.authors = "Hinton & Salakhutdinov",
                             .year = 2006,
                             .title = "Reducing the Dimensionality of Data with Neural Networks",
                             .url = "https://doi.org/10.1126/science.1127647"};

inline constexpr std::string_view summary = "autoencoder: a narrow code, and the way back from it";

inline constexpr std::string_view idea =
    "A network f squeezes x into a code of a few numbers, a second network g makes x from the code again, "
    "and both learn to lose as little as possible on the way. What all examples share moves into the "
    "weights, so the code is left with what tells them apart. Without hidden layers it finds the subspace of "
    "principal component analysis; with them the subspace may bend, and a code of the same size loses less.";

inline constexpr std::string_view equation = R"(L(x) = \lVert x - g(f(x)) \rVert^2)";

struct Config {
  nn::AutoencoderConfig network;
  nn::Activation code_activation = nn::Activation::identity;

  static constexpr auto fields() {
    return std::tuple{
        inlined<&Config::network>(),
        field<&Config::code_activation>("after the code; identity leaves it any numbers"),
    };
  }
};

class Model final : public nn::Autoencoder, public Layerwise {
 public:
  Model(const Config& config, const DataSpec& data, Noise noise)
      : Autoencoder(config.network, data, noise, config.code_activation) {}

  Loss loss(const Batch& batch, Step&) override {
    return {{{"loss", ops::batch_mean(error(encode(batch.x), batch.x))}}};
  }

  int64_t layers() const override { return stacked_layers(); }
  Loss layer_loss(int64_t layer, const Batch& batch, Step&) override {
    return {{{"loss", ops::batch_mean(layer_error(layer, batch.x, [](const Tensor& h) { return h; }))}}};
  }
};

}  // namespace isthmus::models::autoencoder
