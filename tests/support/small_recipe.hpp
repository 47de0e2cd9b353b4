#pragma once

#include <utility>

#include "isthmus/train/recipe.hpp"

namespace isthmus::test {

/// A small VAE on few sprites: forty steps, logged, held out and saved at different strides.
inline train::Recipe small_recipe() {
  train::Recipe recipe("vae", "sprites");
  for (const auto& [path, text] : {std::pair{"data.size", "32"},
                                   {"data.limit", "300"},
                                   {"backbone.hidden", "32"},
                                   {"latent", "4"},
                                   {"fit.batch", "20"},
                                   {"fit.steps", "40"},
                                   {"fit.log_every", "10"},
                                   {"fit.evaluate_every", "20"},
                                   {"fit.checkpoint_every", "15"}})
    recipe.set(path, text);
  return recipe;
}

}  // namespace isthmus::test
