#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/support/program.hpp"

namespace isthmus {
namespace {

using test::Outcome;
using test::run_program;

std::vector<std::string> small_bench(const std::vector<std::string>& more) {
  std::vector<std::string> words{"bench", "vae", "sprites"};
  for (const char* word : {"--data.size", "32", "--data.limit", "200", "--backbone.hidden", "16",
                           "--fit.batch", "20", "--steps", "10", "--warm_up", "2", "--quiet"})
    words.emplace_back(word);
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

TEST(BenchCommand, SaysWhereTheTimeGoes) {
  const Outcome outcome = run_program(small_bench({}));
  ASSERT_EQ(outcome.status, 0) << outcome.error;
  for (const char* part : {"step", "data", "forward", "backward", "optimiser", "bound"})
    EXPECT_NE(outcome.out.find(part), std::string::npos) << outcome.out;
}

TEST(BenchCommand, SpeaksJson) {
  const Outcome outcome = run_program(small_bench({"--json"}));
  ASSERT_EQ(outcome.status, 0) << outcome.error;
  const auto json = nlohmann::json::parse(outcome.out);
  EXPECT_GT(json.at("milliseconds_per_step"), 0);
  EXPECT_LE(json.at("minimum"), json.at("milliseconds_per_step"));
  for (const char* part : {"data", "forward", "backward", "optimiser"})
    EXPECT_TRUE(json.at("parts").at(part).is_number()) << part;
  EXPECT_NEAR(json.at("share_of_bound").get<double>(),
              json.at("bound").get<double>() / json.at("milliseconds_per_step").get<double>(), 1e-9);
}

TEST(BenchCommand, TakesAnEmptyListByItsName) {
  const Outcome outcome = run_program({"bench", "vae", "sprites", "--data.size", "32", "--data.limit", "200",
                                       "--backbone.hidden=", "--steps", "3", "--fit.batch", "20", "--quiet"});
  EXPECT_EQ(outcome.status, 0) << outcome.error;
}

TEST(BenchCommand, RefusesWrongWords) {
  const Outcome nothing = run_program({"bench"});
  EXPECT_EQ(nothing.status, 2);
  EXPECT_NE(nothing.error.find("isthmus bench vae sprites"), std::string::npos) << nothing.error;
  EXPECT_EQ(run_program(small_bench({"--steps", "0"})).status, 2);
}

}  // namespace
}  // namespace isthmus
