#include "isthmus/core/allocator.hpp"

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

namespace isthmus {
namespace {

/// The flags that the system keeps for the memory at `p`; "" when it tells none.
std::string flags_of(const void* p) {
  const auto address = reinterpret_cast<uintptr_t>(p);
  std::ifstream maps("/proc/self/smaps");
  bool within = false;
  for (std::string line; std::getline(maps, line);) {
    std::istringstream words(line);
    uintptr_t begin = 0;
    uintptr_t end = 0;
    char dash = 0;
    if (words >> std::hex >> begin >> dash >> end && dash == '-') within = begin <= address && address < end;
    if (within && line.starts_with("VmFlags:")) return line + " ";
  }
  return {};
}

TEST(Allocator, HasTheHeapInHugePages) {
#if !defined(__GLIBC__) || defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "malloc is another";
#endif
  if (!std::filesystem::exists("/sys/kernel/mm/transparent_hugepage"))
    GTEST_SKIP() << "this system has no huge pages to ask for";
  settle_allocator();
  constexpr size_t size = 30 << 20;  // below what malloc maps by itself, above what lies about
  const std::unique_ptr<void, void (*)(void*)> memory(std::malloc(size), std::free);
  const std::string flags = flags_of(static_cast<char*>(memory.get()) + size / 2);
  EXPECT_NE(flags.find(" hg "), std::string::npos) << flags;
}

}  // namespace
}  // namespace isthmus
