// Training layer by layer, stage after stage: Stages, Training and fit together.

#include <map>
#include <set>
#include <sstream>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "isthmus/io/input.hpp"
#include "isthmus/nn/linear.hpp"
#include "isthmus/train/checkpoint.hpp"
#include "isthmus/train/fit.hpp"
#include "isthmus/train/observers.hpp"
#include "isthmus/train/run_directory.hpp"
#include "isthmus/train/stages.hpp"
#include "isthmus/train/training.hpp"

#include "tests/support/errors.hpp"
#include "tests/support/small_data.hpp"
#include "tests/support/temporary_folder.hpp"

namespace isthmus::train {
namespace {

using ::testing::ElementsAre;

/// Three layers of tanh and their mirror image; each layer learns to undo the noise on what the layers below
/// make of x. Remembers the steps that its losses were given, and the noise.
class Stack final : public Model, public Layerwise {
 public:
  explicit Stack(int64_t layers = 3) {
    const std::vector<int64_t> widths{8, 6, 5, 3};
    Noise noise(11, Purpose::initialisation);
    for (int64_t i = 0; i < layers; ++i) {
      const auto [below, above] =
          std::pair(widths.at(static_cast<size_t>(i)), widths.at(static_cast<size_t>(i) + 1));
      encoder_.push_back(register_module(
          fmt::format("up{}", i), std::make_shared<nn::Linear>(below, above, ops::Activation::tanh, noise)));
      decoder_.push_back(
          register_module(fmt::format("down{}", i),
                          std::make_shared<nn::Linear>(above, below, ops::Activation::identity, noise)));
    }
    updates = register_buffer("updates", at::zeros({1}));
  }

  Loss loss(const Batch& batch, Step& step) override {
    remember(step);
    const Tensor x = batch.x.flatten(1);
    Tensor h = x + 0.1 * step.noise.normal(x.sizes());
    for (const auto& layer : encoder_) h = layer->forward(h);
    for (auto layer = decoder_.rbegin(); layer != decoder_.rend(); ++layer) h = (*layer)->forward(h);
    return {.terms = {{"loss", (h - x).square().sum(1).mean()}}, .statistics = {at::ones({1})}};
  }

  int64_t layers() const override { return static_cast<int64_t>(encoder_.size()); }

  Loss layer_loss(int64_t layer, const Batch& batch, Step& step) override {
    remember(step);
    const auto at = static_cast<size_t>(layer);
    Tensor h = batch.x.flatten(1);
    for (size_t i = 0; i < at; ++i) h = encoder_[i]->forward(h);
    h = h.detach();
    const Tensor noisy = h + 0.1 * step.noise.normal(h.sizes());
    const Tensor again = decoder_[at]->forward(encoder_[at]->forward(noisy));
    return {.terms = {{"layer_error", (again - h).square().sum(1).mean()}}};
  }

  void after_step(std::span<const Tensor> statistics) override { updates += statistics.front(); }
  Tensor reconstruct(const Batch& batch, Noise&) override { return batch.x; }

  std::vector<int64_t> indices;
  std::vector<float> noises;
  Tensor updates;

 private:
  void remember(const Step& step) {
    if (!is_training()) return;
    indices.push_back(step.index);
    noises.push_back(Noise(step.noise).normal({1}).item<float>());
  }

  std::vector<std::shared_ptr<nn::Linear>> encoder_, decoder_;
};

Recipe small(std::string_view more = "") {
  return Recipe::parse(
      "model = \"vae\"\ndataset = \"sprites\"\n[fit]\npretrain = \"layerwise\"\npretrain_steps = 4\nsteps = "
      "6\n"
      "batch = 10\n" +
          std::string(more),
      "small");
}

Built built(const std::shared_ptr<Model>& model) {
  Data data = testing::small_data(Noise(3, Purpose::picture).uniform({40, 1, 2, 4}));
  data.validation = std::make_shared<testing::Rows>(Noise(4, Purpose::picture).uniform({20, 1, 2, 4}));
  return {std::move(data), model};
}

Training training_of(const Recipe& recipe) {
  return Training(recipe, built(std::make_shared<Stack>()));
}

std::map<std::string, Tensor> copy_of(const Model& model) {
  std::map<std::string, Tensor> copy;
  for (const auto& item : model.named_parameters()) copy[item.key()] = item.value().detach().clone();
  return copy;
}

TEST(Layerwise, CountsTheStepsOfAllStages) {
  EXPECT_EQ(training_of(small()).steps(), 3 * 4 + 6);
  EXPECT_EQ(training_of(small("epochs = 2\n")).steps(), 3 * 4 + 2 * 40 / 10);
}

class LayerwiseWith : public ::testing::TestWithParam<const char*> {};

TEST_P(LayerwiseWith, MovesNothingButTheLayerAtHand) {
  Training training =
      training_of(small(fmt::format("optimiser = \"{}\"\nweight_decay = 0.1\nclip = 1\n", GetParam())));
  auto before = copy_of(training.model());
  fit(training, {[&](const Event& event) {
        if (event.kind != Event::Kind::step) return;
        auto after = copy_of(event.training.model());
        for (const auto& [name, tensor] : after) {
          const bool at_hand = !event.stage.layer ||
                               name.starts_with(fmt::format("up{}.", *event.stage.layer)) ||
                               name.starts_with(fmt::format("down{}.", *event.stage.layer));
          EXPECT_EQ(tensor.equal(before.at(name)), !at_hand)
              << name << " after step " << event.training.step();
        }
        before = std::move(after);
      }});
}

INSTANTIATE_TEST_SUITE_P(Optimiser, LayerwiseWith, ::testing::Values("adam", "adamw"),
                         [](const auto& each) { return std::string(each.param); });

TEST(Layerwise, LetsTheModelsAveragesAloneUntilTheWhole) {
  const auto model = std::make_shared<Stack>();
  Training training(small(), built(model));
  fit(training, {});
  EXPECT_EQ(model->updates.item<float>(), 6);
}

TEST(Layerwise, GivesEachStageItsOwnStepsAndFreshNoise) {
  const auto model = std::make_shared<Stack>();
  Training training(small(), built(model));
  fit(training, {});
  EXPECT_THAT(model->indices, ElementsAre(0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 4, 5));
  EXPECT_EQ(std::set(model->noises.begin(), model->noises.end()).size(), 18U) << "no noise comes twice";
}

TEST(Layerwise, StartsOptimiserAndScheduleAnewInEachStage) {
  // Adam's first step moves every number by the learning rate, whatever its gradient: only if the moments are
  // 0 and the count of steps begins again.
  Training training = training_of(small("learning_rate = \"0:1e-3, 1=5e-4, 2=0\"\n"));
  auto before = copy_of(training.model());
  int checked = 0;
  fit(training, {[&](const Event& event) {
        if (event.kind != Event::Kind::step) return;
        auto after = copy_of(event.training.model());
        const int64_t index = event.training.step() - 1 - event.stage.first;
        for (const auto& [name, tensor] : after) {
          const auto moved = (tensor - before.at(name)).abs().max().item<double>();
          if (index >= 2) {
            EXPECT_EQ(moved, 0) << name << " at " << index << " of " << event.stage.name();
          }
          if (index == 0 && moved > 0) {
            EXPECT_NEAR(moved, 1e-3, 1e-6) << name << " in " << event.stage.name();
          }
          checked += index == 0 && moved > 0 ? 1 : 0;
        }
        before = std::move(after);
      }});
  EXPECT_EQ(checked, 3 * 4 + 12);
}

TEST(Layerwise, ResumesBitForBitFromEveryStep) {
  const test::TemporaryFolder folder;
  const Recipe recipe =
      small("optimiser = \"adamw\"\nweight_decay = 0.01\nlearning_rate = \"0:1e-2, 3=1e-3\"\n");
  const auto file = [&](int64_t step) { return folder / fmt::format("{}.safetensors", step); };
  Training whole = training_of(recipe);
  whole.save(file(0));
  fit(whole, {[&](const Event& event) {
        if (event.kind == Event::Kind::step) event.training.save(file(event.training.step()));
      }});
  const auto expected = state_of(whole.model());
  for (int64_t step = 0; step < whole.steps(); ++step) {
    Training resumed = training_of(recipe);
    resumed.load(file(step));
    fit(resumed, {});
    for (const auto& [name, tensor] : state_of(resumed.model()))
      EXPECT_TRUE(tensor.equal(expected.at(name))) << name << ", resumed at step " << step;
  }
}

TEST(Layerwise, LogsAndValidatesEachStageByItself) {
  const test::TemporaryFolder folder;
  const Recipe recipe = small("log_every = 3\nevaluate_every = 5\n");
  const RunDirectory directory = RunDirectory::create(folder / "run", recipe, false);
  const auto model = std::make_shared<Stack>();
  Training training(recipe, built(model));
  double of_layer = 0;
  fit(training, {log_metrics(directory, 0), [&](const Event& event) {
                   if (event.kind == Event::Kind::validation && event.training.step() == 5)
                     of_layer = evaluate_loss(event.stage, *model, event.training.data(), Split::validation,
                                              20, 0, 4)
                                    .front()
                                    .second;
                 }});
  std::vector<std::string> lines;
  std::istringstream text(io::read_text(directory.metrics()));
  for (std::string line; std::getline(text, line);) {
    const auto json = nlohmann::json::parse(line);
    lines.push_back(fmt::format("{} {} {} {} {}", json["step"].get<int>(), json["stage"].get<std::string>(),
                                json["stage_step"].get<int>(), json["split"].get<std::string>(),
                                json["terms"].items().begin().key()));
    if (json["split"] == "validation" && json["step"] == 5) {
      EXPECT_NEAR(json["terms"]["layer_error"].get<double>(), of_layer, 1e-6 * of_layer);
    }
  }
  EXPECT_THAT(lines,
              ElementsAre("3 layer 0 3 train layer_error", "4 layer 0 4 train layer_error",
                          "5 layer 1 1 validation layer_error", "6 layer 1 2 train layer_error",
                          "8 layer 1 4 train layer_error", "9 layer 2 1 train layer_error",
                          "10 layer 2 2 validation layer_error", "12 layer 2 4 train layer_error",
                          "15 whole 3 train loss", "15 whole 3 validation loss", "18 whole 6 train loss"));
  EXPECT_GT(of_layer, 0);
}

TEST(Layerwise, RefusesModelsThatCannot) {
  Recipe recipe("vae", "sprites");
  recipe.set("data.limit", "200");
  recipe.set("fit.pretrain", "layerwise");
  std::vector<std::string_view> able;
  for (const ModelEntry* entry : models::menu())
    if (entry->layerwise) able.push_back(entry->name);
  EXPECT_THAT(able, ::testing::IsSupersetOf({"autoencoder", "denoising"}));
  EXPECT_EQ(test::message_of([&] { Training refused(recipe); }),
            fmt::format("[fit.pretrain] expected a model whose layers are trained one by one ({}), "
                        "got layerwise with vae; try --fit.pretrain none",
                        fmt::join(able, ", ")));
  test::expect_error("expected a model of at least 2 layers, to train one before the other, got 1",
                     [] { Training refused(small(), built(std::make_shared<Stack>(1))); });
  Recipe pyramid("autoencoder", "sprites");
  for (const auto& [path, text] : {std::pair{"data.limit", "200"},
                                   {"data.size", "32"},
                                   {"backbone.kind", "conv"},
                                   {"fit.pretrain", "layerwise"}})
    pyramid.set(path, text);
  test::expect_error("got 0 of autoencoder", [&] { Training refused(pyramid); });
}

}  // namespace
}  // namespace isthmus::train
