#pragma once

#include <fmt/format.h>

#include "isthmus/core/codes.hpp"
#include "isthmus/core/comparable.hpp"
#include "isthmus/core/error.hpp"
#include "isthmus/io/npy.hpp"
#include "isthmus/program/terminal.hpp"
#include "isthmus/program/trained.hpp"
#include "isthmus/program/words.hpp"

namespace isthmus::commands::encode {

inline constexpr std::string_view summary = "write the codes of a data set's examples to a .npy file";

inline int run(std::span<const std::string> given) {
  std::string folder;
  std::string dataset;
  std::string out;
  std::string split = "test";
  program::Words words("encode", summary);
  words.positional("DIR", folder, "folder of a run");
  words.positional("DATASET", dataset, "the examples (isthmus datasets lists them)");
  words.option("--out", out, "FILE.npy", "where to write them: [examples, code], float32");
  words.option("--split", split, "train|validation|test", "which examples [test]");
  Settings data(DataConfig{}, "data");
  std::vector<std::pair<std::string, std::string>> changes;
  words.settings("data", data.list(),
                 [&](std::string_view path, std::string_view text) { changes.emplace_back(path, text); });
  words.examples("Example:\n  isthmus encode runs/first fashion_mnist --split train --out z.npy\n");
  if (!words.parse(given)) return 0;
  if (out.empty()) throw UsageError({.who = "encode", .expected = "--out FILE.npy", .got = "none"});
  const auto which = static_cast<Split>(parse_choice("split", split, enum_names<Split>()));

  const isthmus::train::Run run = isthmus::train::open_run(folder);
  DataConfig alike = treated_alike(run.data, dataset);
  if (dataset == run.data.name) alike.limit = run.data.config.limit;  // the examples that evaluate measures
  data = Settings(alike, "data");
  for (const auto& [path, text] : changes) data.set(path, text);
  const Data examples = load_data(dataset, data.as<DataConfig>());
  Subject subject = program::subject_of(run, which);
  if (subject.can<Encoder>() == nullptr)
    throw UsageError({.who = "encode",
                      .expected = "a model with an encoder",
                      .got = std::string(run.recipe.model().name),
                      .hint = "another run"});
  check_comparable("encode", run.data, examples, /*likelihood=*/false);

  const Subject looked_at{.model = *run.model, .data = examples, .split = which, .seed = subject.seed};
  const Tensor all = encode_split(looked_at).code.contiguous();
  io::write_npy(out,
                {io::DType::f32, all.sizes().vec(),
                 std::as_bytes(std::span(all.const_data_ptr<float>(), static_cast<size_t>(all.numel())))});
  fmt::print("{}: {} codes of {} numbers\n", out, program::thousands(all.size(0)), all.size(1));
  return 0;
}

}  // namespace isthmus::commands::encode
