#include "isthmus/io/safetensors.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "isthmus/core/error.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  try {
    isthmus::io::Safetensors(std::make_unique<isthmus::io::MemoryInput>(bytes)).read_all();
  } catch (const isthmus::Error&) {  // the only way to refuse
  }
  return 0;
}
