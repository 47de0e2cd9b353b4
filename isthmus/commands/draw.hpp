#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "isthmus/core/error.hpp"
#include "isthmus/io/png.hpp"
#include "isthmus/program/trained.hpp"
#include "isthmus/program/words.hpp"

namespace isthmus::commands::draw {

inline constexpr std::string_view summary = "draw a picture of a trained model";

/// The number of the class `word`, which may be its name.
inline std::string class_number(const Dataset& data, const std::string& word) {
  const std::vector<std::string> names = data.class_names();
  const auto found = std::ranges::find(names, word);
  if (found != names.end()) return fmt::format("{}", found - names.begin());
  if (word.find_first_not_of("0123456789") != std::string::npos)
    throw unknown_name("draw", "class", word, names);
  return word;
}

inline int run(std::span<const std::string> given) {
  std::string name;
  program::RunWords looked_at;
  std::string out;
  std::string split = "test";
  std::string seed;
  std::string label;
  std::vector<std::pair<std::string, std::string>> changes;

  program::Words words("draw", summary);
  words.positional("PICTURE", name, "which one (isthmus pictures lists them)");
  looked_at.add_to(words);
  words.option("--out", out, "FILE.png", "where to write it [DIR/pictures/PICTURE.png]");
  words.option("--split", split, "train|validation|test", "which examples [test]");
  words.option("--seed", seed, "INT", "other draws [the run's]");
  words.option("--label", label, "CLASS", "of a model that is given the class: the one to draw [all]");
  for (const PictureEntry* picture : pictures::menu())
    words.settings(fmt::format("{}: {}", picture->name, picture->summary), picture->defaults.list(),
                   [&](std::string_view path, std::string_view text) { changes.emplace_back(path, text); });
  words.examples("Example:\n  isthmus draw samples runs/first --samples.count 64 --out samples.png\n");
  if (!words.parse(given)) return 0;

  const PictureEntry& picture = pictures::menu().find(name);
  Settings settings = picture.defaults;
  for (const auto& [path, text] : changes) settings.set(path, text);
  const auto which = static_cast<Split>(parse_choice("split", split, enum_names<Split>()));

  const std::string& folder = looked_at.folder();
  const isthmus::train::Run run = looked_at.open();
  Subject subject = program::subject_of(run, which);
  if (!label.empty()) {
    const auto* conditional = subject.can<Conditional>();
    if (conditional != nullptr && conditional->given_classes() == 0)
      throw UsageError({.who = "--label",
                        .expected = "a model that is given the class, to draw one",
                        .got = "one that is given a part of the image",
                        .hint = fmt::format("isthmus draw completions {}", folder)});
    if (!settings.has(name + ".label"))
      throw UsageError({.who = "--label",
                        .expected = "a picture of one class, samples",
                        .got = name,
                        .hint = fmt::format("isthmus draw samples {} --label {}", folder, label)});
    settings.set(name + ".label", class_number(*run.data.train, label));
  }
  if (!seed.empty()) {
    int64_t number = 0;
    parse("seed", seed, non_negative, number);
    subject.seed = static_cast<uint64_t>(number);
  }
  if (!out.empty() && !out.ends_with(".png"))
    throw UsageError({.who = "draw", .expected = "--out FILE.png", .got = fmt::format("'{}'", out)});
  if (const auto reason = picture.why_not(subject))
    throw UsageError({.who = picture.name,
                      .expected = "a model and data that have this picture",
                      .got = fmt::format("{} on {}: {}", run.recipe.model().name, run.data.name, *reason)});
  const std::filesystem::path file =
      out.empty() ? run.directory.pictures() / (name + ".png") : std::filesystem::path(out);
  if (file.has_parent_path()) std::filesystem::create_directories(file.parent_path());
  io::write_png(file, picture.draw(subject, settings));
  fmt::print("{}\n", file.string());
  return 0;
}

}  // namespace isthmus::commands::draw
