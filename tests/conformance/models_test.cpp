// What every model of the menu must do, whatever it is. A new model is held to this without a line added
// here.

#include <cmath>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "isthmus/core/error.hpp"
#include "isthmus/core/model_entry.hpp"
#include "isthmus/train/checkpoint.hpp"

#include "tests/conformance/every_model.hpp"
#include "tests/support/temporary_folder.hpp"

namespace isthmus {
namespace {

using testing::batch_of;
using testing::batch_size;
using testing::expect_a_likelihood_said_alike;
using testing::settings_of;
using testing::shapes;
using testing::spec_of;
using testing::step_at;
using testing::Variant;

class ModelOfTheMenu : public testing::EveryModel {};

TEST_P(ModelOfTheMenu, SaysWhatItIsAndHasHelpForEachField) {
  EXPECT_FALSE(entry().summary.empty());
  EXPECT_GE(entry().idea.size(), 200U) << "a paragraph";
  EXPECT_EQ(entry().idea.find('\n'), std::string_view::npos) << "one paragraph";
  EXPECT_FALSE(entry().paper.title.empty());
  EXPECT_TRUE(entry().paper.url.starts_with("https://"));
  for (const Setting& setting : entry().defaults.list()) EXPECT_GE(setting.help.size(), 5U) << setting.path;
}

TEST_P(ModelOfTheMenu, HasAnEquationThatRenders) {
  const std::string_view equation = entry().equation;
  EXPECT_NE(equation.find('='), std::string_view::npos) << equation;
  EXPECT_EQ(equation.find('$'), std::string_view::npos) << "the page puts the marks around it: " << equation;
  int depth = 0;
  for (size_t i = 0; i < equation.size(); ++i) {
    if (i > 0 && equation[i - 1] == '\\') continue;  // \{ is a sign, no group
    depth += equation[i] == '{' ? 1 : equation[i] == '}' ? -1 : 0;
    ASSERT_GE(depth, 0) << "a } without its {: " << equation.substr(0, i + 1);
  }
  EXPECT_EQ(depth, 0) << "a { without its }: " << equation;
}

TEST_P(ModelOfTheMenu, HasDefaultsWithinTheirOwnBounds) {
  Settings settings = entry().defaults;
  for (const Setting& setting : settings.list()) EXPECT_NO_THROW(settings.set(setting.path, setting.value));
}

/// Of a fresh model.
void expect_a_finite_loss_and_gradients(Model& model, const Shape& shape) {
  Step step = step_at(0);
  const Loss loss = model.loss(batch_of(shape), step);
  for (const auto& [name, term] : loss.terms) {
    EXPECT_EQ(term.dim(), 0) << name;
    EXPECT_TRUE(std::isfinite(term.item<double>())) << name << " on " << shape_text(shape);
  }
  loss.total().backward();
  for (const auto& item : model.named_parameters()) {
    const Tensor& gradient = item.value().grad();
    ASSERT_TRUE(gradient.defined()) << item.key() << " gets no gradient";
    EXPECT_TRUE(gradient.isfinite().all().item<bool>()) << item.key() << " on " << shape_text(shape);
  }
  for (const Tensor& statistic : loss.statistics) EXPECT_FALSE(statistic.requires_grad());
}

TEST_P(ModelOfTheMenu, HasAFiniteLossAndFiniteGradientsOnEveryShape) {
  for (const Shape& shape : supported()) expect_a_finite_loss_and_gradients(*build(shape), shape);
}

void expect_a_pure_loss(Model& model, const Shape& shape) {
  const Batch batch = batch_of(shape);
  const auto once = [&] {
    Step step = step_at(3);
    return model.loss(batch, step).total().item<double>();
  };
  std::map<std::string, Tensor> before;
  for (const auto& [name, tensor] : train::state_of(model)) before[name] = tensor.detach().clone();
  const double first = once();
  EXPECT_EQ(first, once()) << "the same batch and step must give the same number, bit for bit";
  for (const auto& [name, tensor] : train::state_of(model)) EXPECT_TRUE(tensor.equal(before[name])) << name;
}

TEST_P(ModelOfTheMenu, HasAPureLoss) {
  const Shape shape = supported().front();
  expect_a_pure_loss(*build(shape), shape);
}

TEST_P(ModelOfTheMenu, StartsFromItsSeedAlone) {
  const Shape shape = supported().front();
  const auto first = train::state_of(*build(shape, 1));
  const auto second = train::state_of(*build(shape, 1));
  const auto third = train::state_of(*build(shape, 2));
  bool differs = false;
  for (const auto& [name, tensor] : first) {
    EXPECT_TRUE(tensor.equal(second.at(name))) << name;
    differs = differs || !tensor.equal(third.at(name));
  }
  EXPECT_TRUE(differs) << "another seed must give other weights";
}

/// `other` is set as `model` is, and has other weights.
void expect_the_same_after_save_and_load(Model& model, Model& other, const Shape& shape) {
  const test::TemporaryFolder folder;
  train::save_tensors(folder / "model.safetensors", train::state_of(model), {});
  train::restore(other, train::load_tensors(folder / "model.safetensors").tensors, "model.safetensors");
  Step step = step_at(0);
  Step again = step_at(0);
  EXPECT_EQ(model.loss(batch_of(shape), step).total().item<double>(),
            other.loss(batch_of(shape), again).total().item<double>());
}

TEST_P(ModelOfTheMenu, IsTheSameAfterSaveAndLoad) {
  const Shape shape = supported().front();
  expect_the_same_after_save_and_load(*build(shape, 1), *build(shape, 2), shape);
}

void expect_a_reconstruction(Model& model, const Shape& shape) {
  const at::NoGradGuard no_grad;
  const Batch batch = batch_of(shape);
  Noise noise(1, Purpose::evaluation);
  const Tensor made = model.reconstruct(batch, noise);
  EXPECT_EQ(made.sizes(), batch.x.sizes());
  EXPECT_TRUE(made.isfinite().all().item<bool>());
}

TEST_P(ModelOfTheMenu, ReconstructsInTheShapeOfItsData) {
  for (const Shape& shape : supported()) expect_a_reconstruction(*build(shape), shape);
}

void expect_a_code_and_back(Model& model, const Shape& shape) {
  const at::NoGradGuard no_grad;
  const Batch batch = batch_of(shape);
  if (auto* encoder = dynamic_cast<Encoder*>(&model)) {
    const Tensor code = encoder->encode(batch.x);
    ASSERT_EQ(code.dim(), 2);
    EXPECT_EQ(code.size(0), batch_size);
    EXPECT_TRUE(code.equal(encoder->encode(batch.x))) << "a code is no draw";
    if (auto* decoder = dynamic_cast<Decoder*>(&model)) {
      EXPECT_EQ(code.size(1), decoder->code_size());
      EXPECT_EQ(decoder->decode(code).sizes(), batch.x.sizes());
    }
  }
}

TEST_P(ModelOfTheMenu, EncodesAndDecodesWhenItSaysSo) {
  for (const Shape& shape : supported()) expect_a_code_and_back(*build(shape), shape);
}

/// By default most models have fully connected layers; those that can have convolutions keep their promises
/// with them too.
TEST_P(ModelOfTheMenu, KeepsItsPromisesWithConvolutions) {
  const auto settings =
      settings_of(entry(), {.needs = {{"backbone.kind", "conv"}},
                            .wants = {{"backbone.tied", "false"},    // convolutions have no tied weights
                                      {"backbone.channels", "4,8"},  // narrow, to be quick, as is the code
                                      {"latent", "32"}}});
  if (!settings) return;
  for (const Shape& shape : shapes) {
    std::shared_ptr<Model> model;
    try {
      model = build(*settings, shape);
    } catch (const Error& refusal) {
      EXPECT_NE(std::string(refusal.what()).find("conv"), std::string::npos)
          << "a refusal names the convolutions: " << refusal.what();
      continue;
    }
    expect_a_finite_loss_and_gradients(*model, shape);
    expect_a_reconstruction(*model, shape);
    expect_a_code_and_back(*model, shape);
  }
}

TEST_P(ModelOfTheMenu, SamplesWhenItSaysSo) {
  const at::NoGradGuard no_grad;
  const Shape shape = supported().front();
  const auto model = build(shape);
  auto* generator = dynamic_cast<Generator*>(model.get());
  if (generator == nullptr) return;
  Noise noise(1, Purpose::picture);
  Noise same(1, Purpose::picture);
  Noise tail(1, Purpose::picture, 0, 2);
  const Tensor samples = generator->sample(5, noise);
  EXPECT_EQ(samples.size(0), 5);
  EXPECT_EQ(Shape(samples.sizes().begin() + 1, samples.sizes().end()), shape);
  EXPECT_TRUE(samples.equal(generator->sample(5, same)));
  EXPECT_TRUE(samples.narrow(0, 2, 3).allclose(generator->sample(3, tail), 1e-4, 1e-5))
      << "rows draw their own noise, so samples may be drawn in parts";
}

TEST_P(ModelOfTheMenu, DamagesEachExampleAloneWhenItDenoises) {
  const at::NoGradGuard no_grad;
  for (const Shape& shape : supported()) {
    const auto model = build(shape);
    auto* denoiser = dynamic_cast<Denoiser*>(model.get());
    if (denoiser == nullptr) return;
    const Tensor x = batch_of(shape).x;
    const Tensor before = x.clone();
    Noise noise(1, Purpose::corrupt);
    Noise from_one(1, Purpose::corrupt, 0, 1);
    const Tensor damaged = denoiser->corrupt(x, noise);
    EXPECT_EQ(damaged.sizes(), x.sizes());
    EXPECT_TRUE(damaged.isfinite().all().item<bool>());
    EXPECT_FALSE(damaged.equal(x)) << "something is damaged";
    EXPECT_TRUE(x.equal(before)) << "x itself is not";
    EXPECT_TRUE(damaged.narrow(0, 1, 3).equal(denoiser->corrupt(x.narrow(0, 1, 3), from_one)));
  }
}

TEST_P(ModelOfTheMenu, HasAFilterAndAResponseOfEachUnitWhenItSaysSo) {
  const at::NoGradGuard no_grad;
  for (const Shape& shape : supported()) {
    const auto model = build(shape);
    auto* units = dynamic_cast<Filters*>(model.get());
    if (units == nullptr) return;
    const Tensor filters = units->filters();
    ASSERT_EQ(filters.dim(), 4) << "[units, channels, height, width]";
    EXPECT_GT(filters.numel(), 0);
    EXPECT_TRUE(filters.isfinite().all().item<bool>());
    const Tensor x = batch_of(shape).x;
    const Tensor responses = units->responses(x);
    EXPECT_EQ(responses.sizes(), (Shape{batch_size, filters.size(0)})) << "a column a filter";
    EXPECT_TRUE(responses.isfinite().all().item<bool>());
    EXPECT_TRUE(responses.narrow(0, 1, 3).allclose(units->responses(x.narrow(0, 1, 3)), 1e-4, 1e-5))
        << "a response is of its own example alone";
  }
}

/// Names of the parameters that a loss gives a gradient to, the model being fresh.
std::set<std::string> reached(const Model& model, const Loss& loss) {
  loss.total().backward();
  std::set<std::string> names;
  for (const auto& item : model.named_parameters())
    if (item.value().grad().defined()) names.insert(item.key());
  return names;
}

TEST_P(ModelOfTheMenu, LosesEachLayerByItselfWhenItsLayersCanBeTrainedAlone) {
  EXPECT_EQ(entry().layerwise, dynamic_cast<Layerwise*>(build(supported().front()).get()) != nullptr);
  if (!entry().layerwise) return;
  for (const Shape& shape : supported()) {
    const Batch batch = batch_of(shape);
    std::map<std::string, int64_t> owner;
    for (int64_t layer = 0; layer < dynamic_cast<Layerwise&>(*build(shape)).layers(); ++layer) {
      const auto model = build(shape);
      const auto once = [&] {
        Step step = step_at(3);
        return dynamic_cast<Layerwise&>(*model).layer_loss(layer, batch, step);
      };
      const Loss loss = once();
      for (const auto& [name, term] : loss.terms) {
        EXPECT_EQ(term.dim(), 0) << name;
        EXPECT_TRUE(std::isfinite(term.item<double>())) << name << " of layer " << layer;
      }
      EXPECT_EQ(loss.total().item<double>(), once().total().item<double>()) << "pure, as Model::loss is";
      const auto names = reached(*model, loss);
      EXPECT_FALSE(names.empty()) << "layer " << layer << " has nothing to learn";
      for (const std::string& name : names)
        EXPECT_TRUE(owner.emplace(name, layer).second)
            << name << " learns from the losses of layers " << owner[name] << " and " << layer;
    }
  }
}

void expect_answers_to_a_condition(Model& model, const Shape& shape) {
  const at::NoGradGuard no_grad;
  auto* conditional = dynamic_cast<Conditional*>(&model);
  if (conditional == nullptr) return;
  const Tensor part = conditional->given_part();
  ASSERT_EQ(part.sizes(), shape);
  EXPECT_TRUE(((part == 0) | (part == 1)).all().item<bool>());
  EXPECT_FALSE(part.all().item<bool>()) << "something is left to predict";
  const int64_t classes = conditional->given_classes();
  EXPECT_EQ(classes, part.any().item<bool>() ? 0 : spec_of(shape).classes) << "a part of x, or its class";

  const Batch batch = batch_of(shape);
  const auto answer = [&](const Batch& given, int64_t first_row) {
    Noise noise(1, Purpose::picture, 0, first_row);
    return conditional->sample_given(given, noise);
  };
  const Tensor made = answer(batch, 0);
  ASSERT_EQ(made.sizes(), batch.x.sizes());
  EXPECT_TRUE(made.isfinite().all().item<bool>());
  EXPECT_TRUE((made * part).equal(batch.x * part)) << "what is given is repeated";
  EXPECT_FALSE((made * (1 - part)).equal(batch.x * (1 - part))) << "the rest is predicted";
  EXPECT_TRUE(made.equal(answer(batch, 0)));
  const Batch rest{.x = batch.x.narrow(0, 1, 3), .labels = batch.labels.narrow(0, 1, 3)};
  EXPECT_TRUE(made.narrow(0, 1, 3).allclose(answer(rest, 1), 1e-4, 1e-5))
      << "rows draw their own noise, so answers may be drawn in parts";
  const Batch other{.x = at::where(part > 0, batch.x, 1 - batch.x), .labels = batch.labels};
  EXPECT_TRUE(made.equal(answer(other, 0))) << "only what is given is read";
  if (classes > 0) {
    EXPECT_TRUE(made.equal(answer({.x = {}, .labels = batch.labels}, 0))) << "a class is enough";
  }
}

TEST_P(ModelOfTheMenu, AnswersToWhatItIsGivenWhenItSaysSo) {
  for (const Shape& shape : supported()) expect_answers_to_a_condition(*build(shape), shape);
}

/// Settings that make another model of a model.
const std::vector<Variant> other_variants{
    {.needs = {{"given", "quadrants"}}},
    {.needs = {{"given", "quadrants"}, {"quadrants", "3"}}},
    {.needs = {{"prior", "standard"}}},
    {.needs = {{"prior", "learned"}}},
};

TEST_P(ModelOfTheMenu, KeepsItsPromisesWithOtherSettings) {
  for (const Variant& variant : other_variants) {
    const auto settings = settings_of(entry(), variant);
    if (!settings) continue;
    const auto taken = supported(*settings, shapes);
    ASSERT_FALSE(taken.empty());
    const Shape shape = taken.front();
    expect_a_finite_loss_and_gradients(*build(*settings, shape), shape);
    expect_a_pure_loss(*build(*settings, shape), shape);
    expect_the_same_after_save_and_load(*build(*settings, shape, 1), *build(*settings, shape, 2), shape);
    expect_a_reconstruction(*build(*settings, shape), shape);
    expect_a_code_and_back(*build(*settings, shape), shape);
    expect_a_likelihood_said_alike(*build(*settings, shape), shape);
    expect_answers_to_a_condition(*build(*settings, shape), shape);
  }
}

INSTANTIATE_TEST_SUITE_P(Menu, ModelOfTheMenu, testing::every_entry(), testing::name_of);

}  // namespace
}  // namespace isthmus
