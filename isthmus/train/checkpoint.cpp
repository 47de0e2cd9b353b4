#include "isthmus/train/checkpoint.hpp"

#include <array>
#include <cstring>
#include <span>

#include <fmt/format.h>

#include "isthmus/core/error.hpp"
#include "isthmus/io/safetensors.hpp"

namespace isthmus::train {
namespace {

struct Pair {
  at::ScalarType torch;
  io::DType file;
};
constexpr std::array<Pair, 4> types{{{at::kFloat, io::DType::f32},
                                     {at::kBFloat16, io::DType::bf16},
                                     {at::kLong, io::DType::i64},
                                     {at::kByte, io::DType::u8}}};

io::DType file_type(const std::string& name, at::ScalarType type) {
  for (const Pair& pair : types)
    if (pair.torch == type) return pair.file;
  throw Error({.who = "checkpoint",
               .expected = fmt::format("'{}' as float32, bfloat16, int64 or uint8", name),
               .got = at::toString(type)});
}

at::ScalarType torch_type(const std::string& who, const std::string& name, io::DType type) {
  for (const Pair& pair : types)
    if (pair.file == type) return pair.torch;
  throw Error({.who = who,
               .expected = fmt::format("'{}' as f32, bf16, i64 or u8", name),
               .got = std::string(io::name_of(type))});
}

std::string described(const Tensor& tensor) {
  return fmt::format("{} {}", shape_text(Shape(tensor.sizes().begin(), tensor.sizes().end())),
                     at::toString(tensor.scalar_type()));
}

}  // namespace

void save_tensors(const std::filesystem::path& path, const NamedTensors& tensors, const Metadata& metadata) {
  NamedTensors kept;  // the views below need the contiguous copies to live on
  std::map<std::string, io::ArrayView> views;
  for (const auto& [name, tensor] : tensors) {
    const Tensor plain = kept[name] = tensor.detach().to(at::kCPU).contiguous();
    const std::span<const std::byte> bytes(static_cast<const std::byte*>(plain.const_data_ptr()),
                                           plain.nbytes());
    views.emplace(name, io::ArrayView(file_type(name, plain.scalar_type()),
                                      Shape(plain.sizes().begin(), plain.sizes().end()), bytes));
  }
  io::write_safetensors(path, views, metadata);
}

Loaded load_tensors(const std::filesystem::path& path) {
  const io::Safetensors file(path);
  Loaded loaded{.tensors = {}, .metadata = file.metadata()};
  for (const auto& [name, array] : file.read_all()) {
    const Tensor tensor = at::empty(array.shape, torch_type(path.filename().string(), name, array.dtype));
    if (!array.data.empty()) std::memcpy(tensor.mutable_data_ptr(), array.data.data(), array.data.size());
    loaded.tensors.emplace(name, tensor);
  }
  return loaded;
}

NamedTensors state_of(const Model& model) {
  NamedTensors state;
  for (const auto& item : model.named_parameters()) state.emplace(item.key(), item.value());
  for (const auto& item : model.named_buffers()) state.emplace(item.key(), item.value());
  return state;
}

void restore(Model& model, const NamedTensors& tensors, const std::string& who) {
  const NamedTensors state = state_of(model);
  for (const auto& [name, tensor] : tensors)
    if (!state.contains(name))
      throw Error({.who = who,
                   .expected = "only tensors of this model",
                   .got = fmt::format("'{}' besides", name),
                   .hint = "the settings that it was trained with"});
  for (const auto& [name, own] : state) {
    const auto found = tensors.find(name);
    if (found == tensors.end())
      throw Error({.who = who, .expected = fmt::format("a tensor '{}'", name), .got = "none"});
    if (found->second.sizes() != own.sizes() || found->second.scalar_type() != own.scalar_type())
      throw Error({.who = who,
                   .expected = fmt::format("'{}' as {}", name, described(own)),
                   .got = described(found->second),
                   .hint = "the settings that it was trained with"});
  }
  const at::NoGradGuard no_grad;
  for (const auto& [name, own] : state) own.copy_(tensors.at(name));
}

}  // namespace isthmus::train
