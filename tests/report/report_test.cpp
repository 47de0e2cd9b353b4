#include "isthmus/report/report.hpp"

#include <regex>

#include <gtest/gtest.h>

namespace isthmus::report {
namespace {

ReportInput example() {
  return {.name = "first",
          .model = "vae",
          .summary = "a variational autoencoder",
          .paper = {"Kingma & Welling", 2014, "Auto-Encoding Variational Bayes",
                    "https://arxiv.org/abs/1312.6114"},
          .dataset = "fashion_mnist",
          .dataset_summary = "clothes",
          .split = "test",
          .figures = {{"nll", 237.149, 0.21, "nats", "what it means", {{"effective sample size", 41.25}}}},
          .pictures = {{"samples", "fresh images", std::vector<std::byte>(30, std::byte{1})}},
          .curves = {{"loss", "train", {{100, 5.5}}}},
          .settings = {{"model", "latent", "20", "dimensions"}},
          .command = "isthmus train vae fashion_mnist",
          .facts = {.seconds = 372, .steps = 24000, .version = "0.1.0"},
          .warnings = {"too few draws"}};
}

bool has(const std::string& page, std::string_view part) {
  return page.find(part) != std::string::npos;
}

TEST(Report, HoldsWhatItIsGiven) {
  const std::string page = html(example());
  for (const char* part :
       {"237.15<small> ± 0.21 nats", "what it means", "effective sample size", "41.25",
        "Kingma &amp; Welling 2014", "24,000 steps in 6 min 12 s", "too few draws",
        "isthmus train vae fashion_mnist", "dimensions", "fresh images", "data:image/png;base64,AQEB",
        R"({"name":"loss","split":"train","points":[[100.0,5.5]]})"})
    EXPECT_TRUE(has(page, part)) << part;
}

TEST(Report, ShowsCurvesOnce) {
  ReportInput input = example();
  input.pictures.push_back({"curves", "the loss over the steps", {}});
  EXPECT_FALSE(has(html(input), "the loss over the steps"));
  input.curves.clear();
  EXPECT_TRUE(has(html(input), "the loss over the steps"));
}

TEST(Report, FillsEveryPlace) {
  EXPECT_FALSE(has(html(example()), "{{"));
}

TEST(Report, FetchesNothing) {
  const std::string page = html(example());
  const std::regex fetched(R"((src|href)="(?!data:|#|https://arxiv\.org))");
  EXPECT_FALSE(std::regex_search(page, fetched));
  EXPECT_FALSE(has(page, "@import"));
  EXPECT_TRUE(has(page, "default-src 'none'"));
}

TEST(Report, EscapesEverything) {
  const std::string bad = "<script>alert(\"1\")</script>'{{style}}";
  ReportInput input = example();
  input.name = input.model = input.summary = input.dataset = input.dataset_summary = input.command = bad;
  input.paper = {bad, 1, bad, "javascript:alert(1)"};
  input.figures = {{bad, 1, {}, bad, bad, {{bad, 1}}}};
  input.pictures = {{bad, bad, {}}};
  input.curves = {{bad, bad, {{1, 1}}}};
  input.settings = {{bad, bad, bad, bad}};
  input.facts.version = input.facts.device = bad;
  input.facts.more = {{bad, bad}};
  input.warnings = {bad};
  const std::string page = html(input);
  EXPECT_FALSE(has(page, "<script>alert"));
  EXPECT_FALSE(has(page, "alert(\"1\")"));
  EXPECT_FALSE(has(page, "javascript:"));
  EXPECT_TRUE(has(page, "{{style}}"));
}

TEST(Report, LeavesOutWhatIsEmpty) {
  const std::string page = html({.name = "bare", .model = "vae", .dataset = "sprites"});
  for (const char* part :
       {"id=\"figures\"", "id=\"training\"", "id=\"pictures\"", "id=\"settings\"", "role=\"note\""})
    EXPECT_FALSE(has(page, part)) << part;
  EXPECT_TRUE(has(page, "<h1>bare</h1>"));
}

}  // namespace
}  // namespace isthmus::report
