#include "isthmus/kernels/vendor.hpp"

#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>

namespace isthmus::kernels {
namespace {

TEST(Vendor, IsWhoTheSystemSays) {
  std::ifstream file("/proc/cpuinfo");
  const std::string text(std::istreambuf_iterator<char>(file), {});
  if (text.find("vendor_id") == std::string::npos) GTEST_SKIP() << "the system does not say";
  const bool intel = text.find("GenuineIntel") != std::string::npos;
  EXPECT_EQ(vendor(), intel ? Vendor::intel : Vendor::other_x86);
}

}  // namespace
}  // namespace isthmus::kernels
