#pragma once

#include <memory>

#include "isthmus/models/iwae.hpp"

#include "tests/support/gaussian_models.hpp"

namespace isthmus::models::iwae {

inline Config one_layer(int64_t k, Gradient gradient = Gradient::standard) {
  auto config = testing::small_config<Config>();
  config.k = k;
  config.gradient = gradient;
  return config;
}

inline Config two_layers(int64_t k, Gradient gradient = Gradient::standard) {
  Config config = one_layer(k, gradient);
  config.latent = {4, 2};
  config.between = {5};
  return config;
}

/// On probabilistic PCA.
inline std::shared_ptr<Model> linear(int64_t k, Gradient gradient = Gradient::standard) {
  Config config;
  config.k = k;
  config.gradient = gradient;
  return testing::ProbabilisticPca().build<Model>(config);
}

inline std::shared_ptr<Model> build(const Config& config) {
  return std::make_shared<Model>(config, testing::small_binary_images(), Noise(1));
}

}  // namespace isthmus::models::iwae
