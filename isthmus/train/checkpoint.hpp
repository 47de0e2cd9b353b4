#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "isthmus/core/model.hpp"

namespace isthmus::train {

using Metadata = std::map<std::string, std::string>;
using NamedTensors = std::map<std::string, Tensor>;

/// Writes tensors (float32, bfloat16, int64, uint8; any device) as safetensors, whole or not at all.
void save_tensors(const std::filesystem::path& path, const NamedTensors& tensors, const Metadata& metadata);

struct Loaded {
  NamedTensors tensors;
  Metadata metadata;
};
Loaded load_tensors(const std::filesystem::path& path);

/// Parameters and buffers of a model by their dotted names; the tensors share the model's memory.
NamedTensors state_of(const Model& model);

/// Copies `tensors` over the model's parameters and buffers. Throws Error, and changes nothing, unless names,
/// shapes and dtypes are exactly the model's; `who` names the file.
void restore(Model& model, const NamedTensors& tensors, const std::string& who);

}  // namespace isthmus::train
