#pragma once

#include <map>
#include <vector>

#include <fmt/format.h>

#include "isthmus/core/codes.hpp"
#include "isthmus/core/comparable.hpp"
#include "isthmus/core/error.hpp"
#include "isthmus/io/npy.hpp"
#include "isthmus/io/npz.hpp"
#include "isthmus/program/terminal.hpp"
#include "isthmus/program/trained.hpp"
#include "isthmus/program/words.hpp"

namespace isthmus::commands::encode {

inline constexpr std::string_view summary =
    "write the codes of a data set's examples to a .npy file, or with their classes to an .npz";

template <class T>
std::span<const std::byte> bytes_of(const Tensor& t) {
  return std::as_bytes(std::span(t.const_data_ptr<T>(), static_cast<size_t>(t.numel())));
}

/// `code`, and in an .npz also `index`, the place of each in the data set, and `label` where there are any.
inline void write(const std::string& out, const Codes& codes, const Tensor& index) {
  const io::ArrayView code{io::DType::f32, codes.code.sizes().vec(), bytes_of<float>(codes.code)};
  if (out.ends_with(".npy")) return io::write_npy(out, code);
  std::map<std::string, io::ArrayView> arrays{
      {"code", code}, {"index", {io::DType::i64, index.sizes().vec(), bytes_of<int64_t>(index)}}};
  if (codes.labels.defined())
    arrays.insert({"label", {io::DType::i64, codes.labels.sizes().vec(), bytes_of<int64_t>(codes.labels)}});
  io::write_npz(out, arrays);
}

inline int run(std::span<const std::string> given) {
  std::string folder;
  std::string dataset;
  std::string out;
  std::string split = "test";
  program::Words words("encode", summary);
  words.positional("DIR", folder, "folder of a run");
  words.positional("DATASET", dataset, "the examples (isthmus datasets lists them)");
  words.option("--out", out, "FILE.npy|FILE.npz",
               "where to write them, in the order of the data set: [examples, code], float32; an .npz holds "
               "them as `code`, with `index`, their places there, and `label`");
  words.option("--split", split, "train|validation|test",
               "which examples [test, of other data without a test split of their own: all]");
  program::Changes changes;
  words.settings("data", Settings(DataConfig{}, "data").list(),
                 [&](std::string_view path, std::string_view text) { changes.emplace_back(path, text); });
  words.examples("Example:\n  isthmus encode runs/first fashion_mnist --split train --out z.npz\n");
  if (!words.parse(given)) return 0;
  if (!out.ends_with(".npy") && !out.ends_with(".npz"))
    throw UsageError({.who = "encode",
                      .expected = "--out FILE.npy or FILE.npz",
                      .got = out.empty() ? "none" : fmt::format("'{}'", out)});
  const auto which = static_cast<Split>(parse_choice("split", split, enum_names<Split>()));

  const isthmus::train::Run run = isthmus::train::open_model(folder);
  const Data examples = program::examples_for(run, dataset, changes);
  check_comparable("encode", run.data, examples, /*likelihood=*/false);

  const Subject subject{.model = *run.model,
                        .data = examples,
                        .split = which,
                        .seed = static_cast<uint64_t>(run.recipe.run().seed)};
  Codes codes = encode_split(subject);
  const Dataset& encoded = subject.examples();
  const std::vector<int64_t> rows = original_order(encoded);
  const Tensor order = at::tensor(rows, at::kLong);
  codes.code = codes.code.index_select(0, order);
  if (codes.labels.defined()) codes.labels = codes.labels.index_select(0, order);
  std::vector<int64_t> index;
  for (const int64_t row : rows) index.push_back(encoded.original_row(row));
  write(out, codes, at::tensor(index, at::kLong));
  fmt::print("{}: {} codes of {} numbers\n", out, program::thousands(codes.code.size(0)), codes.code.size(1));
  return 0;
}

}  // namespace isthmus::commands::encode
