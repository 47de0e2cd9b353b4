#include "isthmus/program/model_page.hpp"

#include <charconv>
#include <filesystem>
#include <fstream>
#include <system_error>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "isthmus/io/input.hpp"

#include "tests/support/errors.hpp"
#include "tests/support/program.hpp"

namespace isthmus::program {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;

namespace fs = std::filesystem;

const fs::path source = ISTHMUS_SOURCE_DIR;
const fs::path pages = source / "docs/models";

bool has_picture(std::string_view model) {
  return fs::exists(source / "docs/images/models" / (std::string(model) + ".png"));
}

std::string on_disk(const fs::path& page) {
  return fs::exists(page) ? io::read_text(page) : "none";
}

const ModelEntry& vae() {
  return models::menu().find("vae");
}

std::vector<NamedRecipe> one_recipe(std::string_view more) {
  return {{"vae_small", train::Recipe::parse("model = \"vae\"\ndataset = \"sprites\"\n" + std::string(more),
                                             "vae_small")}};
}

class PageOf : public ::testing::TestWithParam<const ModelEntry*> {};

TEST_P(PageOf, IsWhatTheProgramWrites) {
  const ModelEntry& model = *GetParam();
  EXPECT_EQ(on_disk(pages / (std::string(model.name) + ".md")),
            model_page(model, read_recipes(source / "recipes"), has_picture(model.name)))
      << "the model or one of its recipes changed: make docs";
}

INSTANTIATE_TEST_SUITE_P(Docs, PageOf, ::testing::ValuesIn(models::menu().begin(), models::menu().end()),
                         [](const auto& each) { return std::string(each.param->name); });

TEST(ModelsIndex, IsWhatTheProgramWrites) {
  EXPECT_EQ(on_disk(pages / "README.md"), models_index(read_recipes(source / "recipes")))
      << "a model or a recipe changed: make docs";
}

TEST(ModelsIndex, HasNoPageOfAModelThatIsGone) {
  for (const auto& page : fs::directory_iterator(pages)) {
    const std::string name = page.path().stem().string();
    EXPECT_TRUE(name == "README" || models::menu().look_up(name) != nullptr) << page.path() << ": make docs";
  }
}

TEST(ModelPage, CommandPrintsIt) {
  const auto recipes = read_recipes(source / "recipes");
  const std::string folder = (source / "recipes").string();
  const std::string images = (source / "docs/images/models").string();
  const auto printed = [&](std::vector<std::string> words) {
    words.insert(words.end(), {"--page", "--recipes", folder, "--images", images});
    return test::run_program(words).out;
  };
  EXPECT_EQ(printed({"models", "vae"}), model_page(vae(), recipes, has_picture("vae")));
  EXPECT_EQ(printed({"models"}), models_index(recipes));
  const test::Outcome lost = test::run_program({"models", "vae", "--page", "--recipes", folder + "/none"});
  EXPECT_EQ(lost.status, 2);
  EXPECT_THAT(lost.error, HasSubstr("expected a folder of recipes"));
}

TEST(ModelPage, SaysWhatTheModelIs) {
  const std::string page = model_page(vae(), {}, false);
  EXPECT_THAT(page,
              HasSubstr("Kingma & Welling (2014), [Auto-Encoding Variational Bayes](https://arxiv.org"));
  EXPECT_THAT(page, HasSubstr("```math\n" + std::string(vae().equation) + "\n```"));
  EXPECT_THAT(page, HasSubstr("| `--latent` | `20` | dimensions of the latent code z (above 0) |"));
  EXPECT_THAT(page, HasSubstr("isthmus train vae fashion_mnist\n"));
  EXPECT_THAT(page, Not(HasSubstr("## Figures")));
  EXPECT_THAT(page, Not(HasSubstr(".png")));
  EXPECT_THAT(model_page(vae(), {}, true), HasSubstr("](../images/models/vae.png)"));
}

TEST(ModelPage, ShowsTheFiguresOfItsRecipesInTheirOrder) {
  const auto recipes = one_recipe(R"(
title = "a <small> one"
time = "1 min on 2 cores"
[vae]
latent = 7
backbone.hidden = []
[fit]
learning_rate = "0:1e-3, 100=1e-4"
[expect.nll]
value = 100.5
within = 0.5
settings.draws = 50
source = "p(x|z), by hand"
measured = "100.2 ± 0.4 (se), one seed"
[expect.active_units]
at_least = 3
split = "train"
)");
  const std::string page = model_page(vae(), recipes, false);
  EXPECT_THAT(
      page,
      HasSubstr("- [vae_small](../../recipes/vae_small.toml): a &lt;small&gt; one (1 min on 2 cores)\n"));
  EXPECT_THAT(
      page,
      HasSubstr("| [vae_small](../../recipes/vae_small.toml) | `nll`, test split, draws 50 | 100.5 ± 0.5 "
                "| 100.2 ± 0.4 (se), one seed | p(x\\|z), by hand |\n"
                "| [vae_small](../../recipes/vae_small.toml) | `active_units`, train split | at least 3 "
                "| | |\n"));
  EXPECT_THAT(page, HasSubstr("isthmus train vae sprites --backbone.hidden '' --latent 7 "));
  EXPECT_THAT(page, HasSubstr("--fit.learning_rate '0:0.001, 100=0.0001'"));
  EXPECT_THAT(models_index(recipes), HasSubstr("`nll` on sprites: 100.2 ± 0.4 (se), one seed"));
}

TEST(ModelPage, WordsGiveTheRecipesSettings) {
  for (const auto& [name, recipe] : read_recipes(source / "recipes")) {
    train::Recipe again(recipe.model().name, recipe.dataset().name);
    for (const auto& [path, text] : words_of(recipe)) again.set(path, text);
    EXPECT_THAT(words_of(again), words_of(recipe)) << name;
    EXPECT_THAT(words_of(recipe), Not(IsEmpty())) << name;
  }
  EXPECT_THAT(words_of(train::Recipe("vae", "sprites")), IsEmpty());
  EXPECT_THAT(words_of(one_recipe("seed = 3\n").front().recipe), ElementsAre(Pair("seed", "3")));
}

TEST(Recipes, ReachedWhatTheyExpect) {
  for (const auto& [name, recipe] : read_recipes(source / "recipes"))
    for (const train::Expectation& each : recipe.expectations) {
      if (each.measured.empty()) continue;
      // "236.86 ± 0.76 (se), one seed"
      double reached = 0;
      const char* text = each.measured.data();
      const auto [end, failed] = std::from_chars(text, text + each.measured.size(), reached);
      ASSERT_EQ(failed, std::errc()) << name << ": " << each.metric << " begins with no number: " << text;
      EXPECT_TRUE(each.met(reached)) << name << ": " << each.metric << " expects " << each.text()
                                     << ", and measured " << text;
    }
}

}  // namespace
}  // namespace isthmus::program
