#include "isthmus/io/idx.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

#include "isthmus/core/error.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  try {
    isthmus::io::read_idx(isthmus::io::MemoryInput(bytes));
  } catch (const isthmus::Error&) {  // the only way to refuse
  }
  return 0;
}
