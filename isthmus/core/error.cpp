#include "isthmus/core/error.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace isthmus {
namespace {

std::string sentence(const Complaint& c) {
  std::string text = fmt::format("[{}] expected {}, got {}", c.who, c.expected, c.got);
  if (!c.hint.empty()) text += "; try " + c.hint;
  return text;
}

/// Damerau–Levenshtein distance (optimal string alignment): a swap of neighbours, the commonest slip, counts
/// once.
size_t edits(std::string_view a, std::string_view b) {
  const size_t rows = a.size() + 1;
  const size_t columns = b.size() + 1;
  std::vector<size_t> table(rows * columns);
  const auto at = [&](size_t i, size_t j) -> size_t& { return table[i * columns + j]; };
  for (size_t i = 0; i < rows; ++i) at(i, 0) = i;
  for (size_t j = 0; j < columns; ++j) at(0, j) = j;
  for (size_t i = 1; i < rows; ++i) {
    for (size_t j = 1; j < columns; ++j) {
      const size_t substitute = at(i - 1, j - 1) + (a[i - 1] == b[j - 1] ? 0 : 1);
      at(i, j) = std::min({at(i - 1, j) + 1, at(i, j - 1) + 1, substitute});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        at(i, j) = std::min(at(i, j), at(i - 2, j - 2) + 1);
    }
  }
  return table.back();
}

}  // namespace

Error::Error(const Complaint& complaint) : std::runtime_error(sentence(complaint)) {}

std::string nearest(std::string_view word, std::span<const std::string> known) {
  std::string best;
  size_t fewest = std::max<size_t>(2, word.size() / 3);  // further than a third of the word is another word
  for (const std::string& candidate : known) {
    const size_t distance = edits(word, candidate);
    if (distance < fewest || (distance == fewest && best.empty() && distance < word.size())) {
      fewest = distance;
      best = candidate;
    }
  }
  return best;
}

UsageError unknown_name(std::string_view who, std::string_view what, std::string_view word,
                        std::span<const std::string> known) {
  const std::string close = nearest(word, known);
  const bool vowel = !what.empty() && std::string_view("aeiou").find(what.front()) != std::string_view::npos;
  return UsageError({.who = who,
                     .expected = fmt::format("{} {}", vowel ? "an" : "a", what),
                     .got = fmt::format("'{}'", word),
                     .hint = close.empty() ? fmt::format("one of {}", fmt::join(known, ", "))
                                           : fmt::format("'{}'", close)});
}

}  // namespace isthmus
