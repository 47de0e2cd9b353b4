#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "isthmus/train/recipe.hpp"

namespace isthmus::program {

/// Whether a word names a recipe's file.
bool is_recipe(std::string_view word);

/// The recipe that the words of a command name (MODEL DATASET, or RECIPE.toml), before any setting is
/// changed: which settings exist depends on it. nullopt when they name none, or a model alone.
std::optional<train::Recipe> named_recipe(std::span<const std::string> words);

/// Throws UsageError, as `who`, unless the positional words were one model and one data set, or one recipe.
void check_named(std::string_view who, const std::vector<std::string>& words, bool named);

}  // namespace isthmus::program
