#include "isthmus/train/recipe.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "tests/support/errors.hpp"

namespace isthmus::train {
namespace {

constexpr std::string_view text = R"(
title = "a small one"
time = "1 min on 2 cores"
model = "vae"
dataset = "sprites"
seed = 3

[vae]
latent = 7
backbone.hidden = [50, 20]

[data]
binarise = "static"

[fit]
steps = 500
learning_rate = "0:1e-3, 100=1e-4"

[expect.nll]
value = 100.5
within = 0.5
settings.draws = 50
source = "by hand"
measured = "100.2 ± 0.4 (se), one seed"

[expect.active_units]
at_least = 3
split = "train"
)";

TEST(Recipe, ReadsEveryTable) {
  const Recipe recipe = Recipe::parse(text, "recipe");
  EXPECT_EQ(recipe.title(), "a small one");
  EXPECT_EQ(recipe.time(), "1 min on 2 cores");
  EXPECT_EQ(recipe.run().seed, 3);
  EXPECT_EQ(recipe.model_settings().get("latent"), "7");
  EXPECT_EQ(recipe.model_settings().get("backbone.hidden"), "50,20");
  EXPECT_EQ(recipe.data().binarise, Binarise::static_);
  EXPECT_EQ(recipe.fit().learning_rate.at(100), 1e-4);
  ASSERT_EQ(recipe.expectations.size(), 2U);
  const Expectation& nll = recipe.expectations[0];  // as in the file, not by the alphabet
  EXPECT_EQ(nll.metric, "nll");
  EXPECT_EQ(nll.settings.front(), (std::pair<std::string, std::string>{"draws", "50"}));
  EXPECT_EQ(nll.text(), "100.5 ± 0.5");
  EXPECT_TRUE(nll.met(100.9));
  EXPECT_FALSE(nll.met(101.1));
  EXPECT_FALSE(nll.met(std::nan("")));
  EXPECT_EQ(nll.source, "by hand");
  EXPECT_EQ(nll.measured, "100.2 ± 0.4 (se), one seed");
  EXPECT_EQ(recipe.expectations[1].split, Split::train);
  EXPECT_FALSE(recipe.expectations[1].met(2));
  EXPECT_EQ(recipe.expectations[1].measured, "");
}

TEST(Recipe, WhatItWritesReadsBackTheSame) {
  const Recipe recipe = Recipe::parse(text, "recipe");
  const Recipe again = Recipe::parse(recipe.toml(), "recipe.toml");
  EXPECT_EQ(again.toml(), recipe.toml());
  EXPECT_EQ(again.model_settings().get("latent"), "7");
  EXPECT_EQ(again.time(), recipe.time());
  ASSERT_EQ(again.expectations.size(), 2U);
  EXPECT_EQ(again.expectations[0].metric, "nll");
  EXPECT_EQ(again.expectations[0].measured, recipe.expectations[0].measured);
}

TEST(Recipe, WordsReachTheirRoom) {
  Recipe recipe("vae", "sprites");
  recipe.set("latent", "9");
  recipe.set("fit.steps", "10");
  recipe.set("data.size", "32");
  recipe.set("threads", "1");
  EXPECT_EQ(recipe.model_settings().get("latent"), "9");
  EXPECT_EQ(recipe.fit().steps, 10);
  EXPECT_EQ(recipe.data().size, 32);
  EXPECT_EQ(recipe.run().threads, 1);
}

TEST(Recipe, StepsOnTheCommandLineReplaceTheRecipesEpochs) {
  Recipe recipe("vae", "sprites");
  recipe.set("fit.epochs", "3");
  EXPECT_EQ(Recipe::parse(recipe.toml(), "recipe").fit().epochs, 3);
  recipe.set("fit.steps", "100");
  EXPECT_EQ(recipe.fit().epochs, 0);
}

TEST(Recipe, WrongWordsAreNamed) {
  test::expect_error("got 'vea'; try 'vae'", [] { Recipe("vea", "sprites"); });
  test::expect_error("a data set, got 'sprite'; try 'sprites'", [] { Recipe("vae", "sprite"); });
  test::expect_error("got 'latnt'; try 'latent'", [] { Recipe("vae", "sprites").set("latnt", "1"); });
  test::expect_error("[fit.steps] expected an integer above 0, got '0'",
                     [] { Recipe("vae", "sprites").set("fit.steps", "0"); });
}

TEST(Recipe, WrongFilesAreNamed) {
  const auto refusal = [](const std::string& toml) {
    return test::message_of([&] { Recipe::parse(toml, "r.toml"); });
  };
  EXPECT_NE(refusal("model = ").find("[r.toml] expected a recipe in TOML"), std::string::npos);
  EXPECT_NE(refusal("dataset = \"sprites\"").find("a line like model ="), std::string::npos);
  const std::string start = "model = \"vae\"\ndataset = \"sprites\"\n";
  EXPECT_NE(refusal(start + "[fitt]\nsteps = 3\n").find("got 'fitt'; try 'fit'"), std::string::npos);
  EXPECT_NE(refusal(start + "[expect.nll]\nvalue = 3\nwithin = -1\n").find("a distance of 0 or more"),
            std::string::npos);
  EXPECT_NE(refusal(start + "[expect.nll]\nwithin = 3\n").find("a value, at_least or at_most"),
            std::string::npos);
  EXPECT_NE(refusal(start + "time = 3\n").find("text, as in time"), std::string::npos);
  EXPECT_NE(refusal(start + "sed = 3\n").find("got 'sed'; try 'seed'"), std::string::npos);
  EXPECT_NE(test::message_of([] { Recipe::read("/nowhere/r.toml"); }).find("/nowhere/r.toml"),
            std::string::npos);
}

}  // namespace
}  // namespace isthmus::train
