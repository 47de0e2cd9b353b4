#include "isthmus/program/named_recipe.hpp"

#include <fmt/format.h>

#include "isthmus/core/error.hpp"

namespace isthmus::program {

using train::Recipe;

bool is_recipe(std::string_view word) {
  return word.ends_with(".toml");
}

std::optional<Recipe> named_recipe(std::span<const std::string> words) {
  for (size_t i = 0; i < words.size(); ++i) {
    const bool value = i > 0 && words[i - 1].starts_with("--") && words[i - 1].find('=') == std::string::npos;
    if (words[i].starts_with("-") ||
        (value && !is_recipe(words[i]) && models::menu().look_up(words[i]) == nullptr))
      continue;
    if (is_recipe(words[i])) return Recipe::read(words[i]);
    models::menu().find(words[i]);  // says which model was meant
    if (i + 1 == words.size() || words[i + 1].starts_with("-")) return std::nullopt;
    return Recipe(words[i], words[i + 1]);
  }
  return std::nullopt;
}

void check_named(std::string_view who, const std::vector<std::string>& words, bool named) {
  if (!named || words.empty())
    throw UsageError({.who = who,
                      .expected = "a model and a data set, or a recipe",
                      .got = words.empty() ? "neither" : fmt::format("'{}' alone", words.front()),
                      .hint = fmt::format("isthmus {} vae sprites", who)});
  const size_t wanted = is_recipe(words.front()) ? 1 : 2;
  if (words.size() != wanted)
    throw UsageError({.who = who,
                      .expected = wanted == 1 ? "one recipe" : "one model and one data set",
                      .got = fmt::format("'{}' besides", words[wanted]),
                      .hint = fmt::format("isthmus {} --help", who)});
}

}  // namespace isthmus::program
