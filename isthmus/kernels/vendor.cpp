#include "isthmus/kernels/vendor.hpp"

#ifdef __x86_64__
#include <array>
#include <cstring>
#include <string_view>

#include <cpuid.h>
#endif

namespace isthmus::kernels {

#ifdef __x86_64__
Vendor vendor() {
  unsigned most = 0;
  std::array<unsigned, 3> name{};  // of four letters each
  if (__get_cpuid(0, &most, name.data(), &name[2], &name[1]) == 0) return Vendor::other_x86;
  std::array<char, sizeof name> letters{};
  std::memcpy(letters.data(), name.data(), sizeof name);
  const bool intel = std::string_view(letters.data(), letters.size()) == "GenuineIntel";
  return intel ? Vendor::intel : Vendor::other_x86;
}
#else
Vendor vendor() {
  return Vendor::other;
}
#endif

}  // namespace isthmus::kernels
