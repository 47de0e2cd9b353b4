#include "isthmus/io/base64.hpp"

#include <gtest/gtest.h>

#include "isthmus/io/bytes.hpp"

namespace isthmus::io {
namespace {

TEST(Base64, EqualsTheVectorsOfRfc4648) {
  EXPECT_EQ(base64(as_bytes("")), "");
  EXPECT_EQ(base64(as_bytes("f")), "Zg==");
  EXPECT_EQ(base64(as_bytes("fo")), "Zm8=");
  EXPECT_EQ(base64(as_bytes("foo")), "Zm9v");
  EXPECT_EQ(base64(as_bytes("foob")), "Zm9vYg==");
  EXPECT_EQ(base64(as_bytes("fooba")), "Zm9vYmE=");
  EXPECT_EQ(base64(as_bytes("foobar")), "Zm9vYmFy");
  EXPECT_EQ(base64(as_bytes("\xfb\xff\xbf")), "+/+/");
}

}  // namespace
}  // namespace isthmus::io
