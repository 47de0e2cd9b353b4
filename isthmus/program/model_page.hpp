#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "isthmus/core/model_entry.hpp"
#include "isthmus/train/recipe.hpp"

namespace isthmus::program {

struct NamedRecipe {
  std::string name;  ///< of its file, without ".toml"
  train::Recipe recipe;
};

/// All recipes of a folder, by name. Throws UsageError when there is no such folder, and what Recipe::read
/// throws.
std::vector<NamedRecipe> read_recipes(const std::filesystem::path& folder);

/// What to add to `isthmus train MODEL DATASET` to train a recipe: every setting that is not at its default,
/// as {path, text}.
std::vector<std::pair<std::string, std::string>> words_of(const train::Recipe& recipe);

/// docs/models/NAME.md: paper, idea, loss, how to train it, settings, and the figures of its recipes.
/// `picture` says whether docs/images/models/NAME.png exists.
std::string model_page(const ModelEntry& model, const std::vector<NamedRecipe>& recipes, bool picture);

/// docs/models/README.md: the menu of models, each with its paper and its first figure.
std::string models_index(const std::vector<NamedRecipe>& recipes);

}  // namespace isthmus::program
