#include "isthmus/core/error.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace isthmus {
namespace {

const std::vector<std::string> models{"autoencoder", "beta_vae", "k_sparse", "vae", "vq_vae"};

TEST(Error, ReadsAsOneSentence) {
  EXPECT_STREQ(Error({.who = "idx", .expected = "A", .got = "B"}).what(), "[idx] expected A, got B");
  EXPECT_STREQ(Error({.who = "idx", .expected = "A", .got = "B", .hint = "C"}).what(),
               "[idx] expected A, got B; try C");
}

TEST(Nearest, FindsTheNameThatWasMeant) {
  EXPECT_EQ(nearest("vea", models), "vae");
  EXPECT_EQ(nearest("autoencodr", models), "autoencoder");
  EXPECT_EQ(nearest("ksparse", models), "k_sparse");
  EXPECT_EQ(nearest("vq-vae", models), "vq_vae");
}

TEST(Nearest, DoesNotGuessWildly) {
  EXPECT_EQ(nearest("transformer", models), "");
}

TEST(UnknownName, OffersTheNearestOrListsAll) {
  EXPECT_STREQ(unknown_name("isthmus", "model", "vea", models).what(),
               "[isthmus] expected a model, got 'vea'; try 'vae'");
  EXPECT_STREQ(unknown_name("isthmus", "model", "transformer", models).what(),
               "[isthmus] expected a model, got 'transformer'; try one of autoencoder, beta_vae, k_sparse, "
               "vae, vq_vae");
}

}  // namespace
}  // namespace isthmus
