#pragma once

#include <cstring>

#include <fmt/format.h>

#include "isthmus/core/error.hpp"
#include "isthmus/io/npy.hpp"
#include "isthmus/io/npz.hpp"
#include "isthmus/program/terminal.hpp"
#include "isthmus/program/trained.hpp"
#include "isthmus/program/words.hpp"

namespace isthmus::commands::decode {

inline constexpr std::string_view summary = "write what a model makes of codes to a .npy file";

/// [n, code], float32, whatever number type the file has; of an .npz its `code`.
inline Tensor read_codes(const std::string& file, int64_t code) {
  const io::Array array = file.ends_with(".npz") ? io::Npz(file).read("code") : io::read_npy(file);
  if (array.shape.size() != 2 || array.shape[1] != code ||
      (array.dtype != io::DType::f32 && array.dtype != io::DType::f64))
    throw UsageError(
        {.who = "decode",
         .expected = fmt::format("codes of shape [n, {}] as f32 or f64", code),
         .got = fmt::format("{} as {} in '{}'", io::shape_text(array.shape), io::name_of(array.dtype), file),
         .hint = "a file that isthmus encode wrote"});
  const Tensor codes = at::empty(array.shape, array.dtype == io::DType::f32 ? at::kFloat : at::kDouble);
  if (!array.data.empty()) std::memcpy(codes.mutable_data_ptr(), array.data.data(), array.data.size());
  return codes.to(at::kFloat);
}

inline int run(std::span<const std::string> given) {
  std::string folder;
  std::string file;
  std::string out;
  program::Words words("decode", summary);
  words.positional("DIR", folder, "folder of a run");
  words.positional("CODES", file,
                   "codes, [n, code], as isthmus encode writes them: .npy, or `code` of an .npz");
  words.option("--out", out, "FILE.npy",
               "where to write the examples: [n, channels, height, width], float32");
  words.examples("Example:\n  isthmus decode runs/first z.npy --out x.npy\n");
  if (!words.parse(given)) return 0;
  if (!out.ends_with(".npy"))
    throw UsageError({.who = "decode",
                      .expected = "--out FILE.npy",
                      .got = out.empty() ? "none" : fmt::format("'{}'", out)});

  const isthmus::train::Run run = isthmus::train::open_model(folder);
  auto* decoder = program::subject_of(run, Split::test).can<Decoder>();
  if (decoder == nullptr)
    throw UsageError({.who = "decode",
                      .expected = "a model with a decoder",
                      .got = std::string(run.recipe.model().name),
                      .hint = "another run"});
  const at::NoGradGuard no_grad;
  const at::Device device = device_of(*run.model);
  std::vector<Tensor> parts;
  for (const Tensor& codes : read_codes(file, decoder->code_size()).split(500))
    parts.push_back(decoder->decode(codes.to(device)).cpu());
  const Tensor all = at::cat(parts).contiguous();
  io::write_npy(out,
                {io::DType::f32, all.sizes().vec(),
                 std::as_bytes(std::span(all.const_data_ptr<float>(), static_cast<size_t>(all.numel())))});
  fmt::print("{}: {} examples of {}\n", out, program::thousands(all.size(0)),
             shape_text(run.data.train->shape()));
  return 0;
}

}  // namespace isthmus::commands::decode
