#pragma once

#include <filesystem>
#include <numeric>
#include <system_error>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "isthmus/core/comparable.hpp"
#include "isthmus/core/error.hpp"
#include "isthmus/core/scores.hpp"
#include "isthmus/io/csv.hpp"
#include "isthmus/io/npy.hpp"
#include "isthmus/io/png.hpp"
#include "isthmus/pictures/extremes.hpp"
#include "isthmus/program/terminal.hpp"
#include "isthmus/program/trained.hpp"
#include "isthmus/program/words.hpp"

namespace isthmus::commands::score {

inline constexpr std::string_view summary =
    "write how likely a model finds each example of a data set to a .npy or .csv file";

/// index, label (where there are any) and score of each example, in the order of the data set.
inline io::Table table_of(const Scores& scores, const Dataset& split) {
  const auto labels = split.labels();
  io::Table table{.columns = labels.empty() ? std::vector<std::string>{"index", "score"}
                                            : std::vector<std::string>{"index", "label", "score"},
                  .values = {}};
  for (const int64_t row : original_order(split)) {
    const auto i = static_cast<size_t>(row);
    table.values.push_back(static_cast<double>(split.original_row(row)));
    if (!labels.empty()) table.values.push_back(static_cast<double>(labels[i]));
    table.values.push_back(scores.values[i]);
  }
  return table;
}

/// The file of each example, in the order of the data set; nothing where examples are not files.
inline std::vector<io::TextColumn> files_of(const Dataset& split) {
  io::TextColumn files{"file", {}};
  for (const int64_t row : original_order(split)) files.cells.push_back(split.file_of(row));
  if (files.cells.empty() || files.cells.front().empty()) return {};
  return {std::move(files)};
}

inline void write(const std::string& out, const Scores& scores, const Dataset& split) {
  if (out.ends_with(".csv")) return io::write_csv(out, table_of(scores, split), files_of(split));
  std::vector<double> values;
  for (const int64_t row : original_order(split)) values.push_back(scores.values[static_cast<size_t>(row)]);
  io::write_npy(out, {io::DType::f64, {std::ssize(values)}, std::as_bytes(std::span(values))});
}

/// Scoring takes long: what stands in the way of writing is said before it.
inline void make_folder_of(const std::string& file) {
  const auto folder = std::filesystem::path(file).parent_path();
  if (folder.empty()) return;
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error)
    throw Error({.who = "score",
                 .expected = fmt::format("to make the folder of '{}'", file),
                 .got = error.message(),
                 .hint = "another folder"});
}

inline void check_names(const std::string& out, const std::string& picture) {
  if (!out.ends_with(".npy") && !out.ends_with(".csv"))
    throw UsageError({.who = "score",
                      .expected = "--out FILE.npy or FILE.csv",
                      .got = out.empty() ? "none" : fmt::format("'{}'", out)});
  if (!picture.empty() && !picture.ends_with(".png"))
    throw UsageError({.who = "score", .expected = "--picture FILE.png", .got = fmt::format("'{}'", picture)});
}

inline int run(std::span<const std::string> given) {
  std::string folder;
  std::string dataset;
  std::string out;
  std::string picture;
  std::string split = "test";
  std::string threads = "0";
  bool quiet = false;
  Settings scoring(ScoreConfig{});
  program::Changes changes;

  program::Words words("score", summary);
  words.positional("DIR", folder, "folder of a run");
  words.positional("DATASET", dataset, "the examples (isthmus datasets lists them)");
  words.option(
      "--out", out, "FILE.npy|FILE.csv",
      "where to write them, in the order of the data set: [examples], or index,label,score and, of a "
      "folder of images, file");
  words.option("--picture", picture, "FILE.png", "draws the most and the least usual examples besides");
  words.option("--split", split, "train|validation|test",
               "which examples [test, of other data without a test split of their own: all]");
  words.option("--threads", threads, "INT", "processor cores to use; 0 takes all [0]");
  words.flag("--quiet", quiet, "no progress");
  words.settings("score", scoring.list(),
                 [&](std::string_view path, std::string_view text) { scoring.set(path, text); });
  words.settings("data", Settings(DataConfig{}, "data").list(),
                 [&](std::string_view path, std::string_view text) { changes.emplace_back(path, text); });
  words.examples(
      "Examples:\n"
      "  isthmus score runs/first fashion_mnist --out scores.csv --picture extremes.png\n"
      "  isthmus score runs/first mnist --score nll --draws 500 --out scores.npy\n"
      "  isthmus score runs/mine folder --data.path new_photos --out scores.csv\n");
  if (!words.parse(given)) return 0;
  program::set_quiet(quiet);
  check_names(out, picture);
  const auto which = static_cast<Split>(parse_choice("split", split, enum_names<Split>()));
  int64_t cores = 0;
  parse("threads", threads, non_negative, cores);
  program::use_threads(cores);

  const isthmus::train::Run run = isthmus::train::open_model(folder);
  const Data examples = program::examples_for(run, dataset, changes);
  Subject subject{.model = *run.model,
                  .data = examples,
                  .split = which,
                  .seed = static_cast<uint64_t>(run.recipe.run().seed),
                  .progress = program::measuring_progress("score")};
  ScoreConfig config = scoring.as<ScoreConfig>();
  config.score = resolve(subject, config.score);
  check_comparable("score", run.data, examples, config.score != Score::reconstruction);
  if (!picture.empty())
    if (const auto reason = pictures::extremes::why_not(subject))
      throw UsageError({.who = "score", .expected = "images, for --picture", .got = *reason});
  for (const std::string& file : {out, picture}) make_folder_of(file);

  const Scores scores = score_examples(subject, config);
  write(out, scores, subject.examples());
  if (!picture.empty()) io::write_png(picture, pictures::extremes::draw_scored(subject, scores, {}));
  if (const auto doubt = scores.why_doubted("raise --draws")) spdlog::warn("{}", *doubt);
  const double mean = std::accumulate(scores.values.begin(), scores.values.end(), 0.0) /
                      static_cast<double>(scores.values.size());
  fmt::print("{}: {} scores, {} in {} ({} is unusual), mean {}\n", out,
             program::thousands(static_cast<int64_t>(scores.values.size())), enum_name(scores.by),
             scores.unit(), scores.high_is_unusual() ? "high" : "low", program::figure(mean));
  return 0;
}

}  // namespace isthmus::commands::score
