// What every model of the menu must do, whatever it is. A new model is held to this without a line added
// here.

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "isthmus/core/error.hpp"
#include "isthmus/core/model_entry.hpp"
#include "isthmus/train/checkpoint.hpp"
#include "isthmus/train/fit.hpp"
#include "isthmus/train/training.hpp"

#include "tests/support/temporary_folder.hpp"

namespace isthmus {
namespace {

const std::vector<Shape> shapes{{1, 28, 28}, {1, 32, 32}, {3, 32, 32}, {1, 64, 64}};
constexpr int64_t batch_size = 4;

DataSpec spec_of(const Shape& shape) {
  return {.shape = shape, .classes = 3, .binary = true, .mean = at::full(shape, 0.3F)};
}

Batch batch_of(const Shape& shape) {
  Shape sizes{batch_size};
  sizes.insert(sizes.end(), shape.begin(), shape.end());
  Noise noise(5, Purpose::evaluation);
  return {.x = noise.bernoulli(at::full(sizes, 0.3F)), .labels = at::arange(batch_size) % 3};
}

Step step_at(int64_t index) {
  return {index, Noise(7, Purpose::training, index)};
}

/// Settings other than a model's defaults, without naming a model: tried where it has all that are in
/// `needs`; those of `wants` that it has are set too.
struct Variant {
  using Words = std::vector<std::pair<std::string, std::string>>;
  Words needs;
  Words wants = {};
};

bool takes(const Settings& settings, const std::string& path, const std::string& text) {
  const auto is_taken = [&](const Setting& setting) {
    return setting.path == path &&
           (setting.choices.empty() || std::ranges::find(setting.choices, text) != setting.choices.end());
  };
  return std::ranges::any_of(settings.list(), is_taken);
}

/// nullopt where the model lacks one of the settings that the variant needs.
std::optional<Settings> settings_of(const ModelEntry& entry, const Variant& variant) {
  Settings settings = entry.defaults;
  for (const auto& [path, text] : variant.needs) {
    if (!takes(settings, path, text)) return std::nullopt;
    settings.set(path, text);
  }
  for (const auto& [path, text] : variant.wants)
    if (takes(settings, path, text)) settings.set(path, text);
  return settings;
}

class EveryModel : public testing::TestWithParam<const ModelEntry*> {
 protected:
  const ModelEntry& entry() const { return *GetParam(); }

  std::shared_ptr<Model> build(const Settings& settings, const Shape& shape, uint64_t seed = 1) const {
    return entry().build(settings, spec_of(shape), Noise(seed, Purpose::initialisation));
  }
  std::shared_ptr<Model> build(const Shape& shape, uint64_t seed = 1) const {
    return build(entry().defaults, shape, seed);
  }

  std::vector<Shape> supported() const { return supported(entry().defaults, shapes); }

  /// Which of `some` shapes the model takes as it is set; refusing one must be an Error of ours.
  std::vector<Shape> supported(const Settings& settings, const std::vector<Shape>& some) const {
    std::vector<Shape> taken;
    for (const Shape& shape : some) {
      try {
        build(settings, shape);
        taken.push_back(shape);
      } catch (const Error& refusal) {
        EXPECT_NE(std::string(refusal.what()).find(shape_text(shape)), std::string::npos)
            << "a refusal names the shape: " << refusal.what();
      }
    }
    EXPECT_FALSE(taken.empty()) << "takes none of the usual shapes";
    return taken;
  }

  train::Recipe small_recipe() const {
    train::Recipe recipe(entry().name, "sprites");
    for (const auto& [path, text] :
         {std::pair{"data.size", "32"}, {"data.limit", "600"}, {"fit.batch", "32"}, {"fit.steps", "60"}})
      recipe.set(path, text);
    return recipe;
  }
};

TEST_P(EveryModel, SaysWhatItIsAndHasHelpForEachField) {
  EXPECT_FALSE(entry().summary.empty());
  EXPECT_GE(entry().idea.size(), 200U) << "a paragraph";
  EXPECT_EQ(entry().idea.find('\n'), std::string_view::npos) << "one paragraph";
  EXPECT_FALSE(entry().paper.title.empty());
  EXPECT_TRUE(entry().paper.url.starts_with("https://"));
  for (const Setting& setting : entry().defaults.list()) EXPECT_GE(setting.help.size(), 5U) << setting.path;
}

TEST_P(EveryModel, HasAnEquationThatRenders) {
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

TEST_P(EveryModel, HasDefaultsWithinTheirOwnBounds) {
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

TEST_P(EveryModel, HasAFiniteLossAndFiniteGradientsOnEveryShape) {
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

TEST_P(EveryModel, HasAPureLoss) {
  const Shape shape = supported().front();
  expect_a_pure_loss(*build(shape), shape);
}

TEST_P(EveryModel, StartsFromItsSeedAlone) {
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

TEST_P(EveryModel, IsTheSameAfterSaveAndLoad) {
  const Shape shape = supported().front();
  expect_the_same_after_save_and_load(*build(shape, 1), *build(shape, 2), shape);
}

TEST_P(EveryModel, LearnsAndResumesBitForBit) {
  const test::TemporaryFolder folder;
  train::Training whole(small_recipe());
  std::vector<double> losses;
  train::fit(whole, {[&](const train::Event& event) {
               if (event.kind == train::Event::Kind::step) losses.push_back(event.terms.front().second);
               if (event.kind == train::Event::Kind::step && event.training.step() == 30)
                 event.training.save(folder / "state.safetensors");
             }});
  const auto mean = [](auto from, auto to) {
    return std::accumulate(from, to, 0.0) / static_cast<double>(to - from);
  };
  EXPECT_LT(mean(losses.end() - 10, losses.end()), mean(losses.begin(), losses.begin() + 10))
      << "the loss falls over the first steps";

  train::Training resumed(small_recipe());
  resumed.load(folder / "state.safetensors");
  EXPECT_EQ(resumed.step(), 30);
  train::fit(resumed, {});
  const auto expected = train::state_of(whole.model());
  for (const auto& [name, tensor] : train::state_of(resumed.model()))
    EXPECT_TRUE(tensor.equal(expected.at(name))) << name;
}

void expect_a_reconstruction(Model& model, const Shape& shape) {
  const at::NoGradGuard no_grad;
  const Batch batch = batch_of(shape);
  Noise noise(1, Purpose::evaluation);
  const Tensor made = model.reconstruct(batch, noise);
  EXPECT_EQ(made.sizes(), batch.x.sizes());
  EXPECT_TRUE(made.isfinite().all().item<bool>());
}

TEST_P(EveryModel, ReconstructsInTheShapeOfItsData) {
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

TEST_P(EveryModel, EncodesAndDecodesWhenItSaysSo) {
  for (const Shape& shape : supported()) expect_a_code_and_back(*build(shape), shape);
}

/// By default most models have fully connected layers; those that can have convolutions keep their promises
/// with them too.
TEST_P(EveryModel, KeepsItsPromisesWithConvolutions) {
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

TEST_P(EveryModel, SamplesWhenItSaysSo) {
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

TEST_P(EveryModel, WeighsEachExampleAloneWhenItHasALikelihood) {
  const at::NoGradGuard no_grad;
  const Shape shape = supported().front();
  const auto model = build(shape);
  auto* latent = dynamic_cast<LatentVariable*>(model.get());
  if (latent == nullptr) return;
  const Batch batch = batch_of(shape);
  Noise noise(1, Purpose::evaluation);
  const Tensor all = latent->log_weights(batch, 3, noise);
  EXPECT_EQ(all.sizes(), (Shape{3, batch_size}));
  EXPECT_TRUE(all.isfinite().all().item<bool>());
  const Batch rest{.x = batch.x.narrow(0, 1, 3), .labels = batch.labels.narrow(0, 1, 3)};
  Noise from_one(1, Purpose::evaluation, 0, 1);
  EXPECT_TRUE(all.narrow(1, 1, 3).allclose(latent->log_weights(rest, 3, from_one), 1e-5, 1e-3));
}

TEST_P(EveryModel, DamagesEachExampleAloneWhenItDenoises) {
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

TEST_P(EveryModel, HasAFilterAndAResponseOfEachUnitWhenItSaysSo) {
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

TEST_P(EveryModel, LosesEachLayerByItselfWhenItsLayersCanBeTrainedAlone) {
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

TEST_P(EveryModel, TrainsLayerByLayerWhenItSaysSo) {
  if (!entry().layerwise) return;
  train::Recipe recipe = small_recipe();
  if (recipe.model_settings().has("backbone.hidden")) recipe.set("backbone.hidden", "48,32");
  for (const auto& [path, text] :
       {std::pair{"fit.pretrain", "layerwise"}, {"fit.pretrain_steps", "80"}, {"fit.steps", "5"}})
    recipe.set(path, text);
  train::Training training(recipe);
  std::map<std::string, std::vector<double>> losses;  // of each stage
  train::fit(training, {[&](const train::Event& event) {
               if (event.kind == train::Event::Kind::step)
                 losses[event.stage.name()].push_back(event.terms.front().second);
             }});
  EXPECT_EQ(static_cast<int64_t>(losses.size()), training.stages().count());
  for (const auto& [stage, loss] : losses) {
    if (stage == "whole") continue;
    const auto mean_of_ten = [](auto from) { return std::accumulate(from, from + 10, 0.0) / 10; };
    EXPECT_LT(mean_of_ten(loss.end() - 10), mean_of_ten(loss.begin())) << stage << " learns";
  }
}

void expect_a_likelihood_said_alike(Model& model, const Shape& shape) {
  const at::NoGradGuard no_grad;
  auto* latent = dynamic_cast<LatentVariable*>(&model);
  if (latent == nullptr) return;
  const Batch batch = batch_of(shape);
  const auto noise_from = [](int64_t row) { return Noise(1, Purpose::evaluation, 0, row); };
  constexpr int64_t k = 3;
  Noise noise = noise_from(0);
  const Tensor weights = latent->log_weights(batch, k, noise);
  if (auto* parts = dynamic_cast<RateDistortion*>(&model)) {
    Noise same = noise_from(0);
    const auto [rate, distortion] = parts->rate_distortion(batch, k, same);
    EXPECT_TRUE((-rate - distortion).allclose(weights, 1e-5, 1e-3));
  }
  if (auto* refinable = dynamic_cast<RefinablePosterior*>(&model)) {
    Noise same = noise_from(0);
    const auto parameters = refinable->posterior_parameters(batch);
    for (const Tensor& parameter : parameters) EXPECT_EQ(parameter.size(0), batch_size);
    EXPECT_TRUE(refinable->log_weights_under(parameters, batch, k, same).allclose(weights, 1e-5, 1e-3));
  }
  if (auto* prior = dynamic_cast<PriorProposal*>(&model)) {
    Noise same = noise_from(0);
    Noise from_one = noise_from(1);
    const Tensor all = prior->prior_log_weights(batch, k, same);
    EXPECT_EQ(all.sizes(), (Shape{k, batch_size}));
    EXPECT_TRUE(all.isfinite().all().item<bool>());
    const Batch rest{.x = batch.x.narrow(0, 1, 3), .labels = batch.labels.narrow(0, 1, 3)};
    EXPECT_TRUE(all.narrow(1, 1, 3).allclose(prior->prior_log_weights(rest, k, from_one), 1e-5, 1e-3));
  }
}

TEST_P(EveryModel, SaysItsLikelihoodInEachWayAlike) {
  const Shape shape = supported().front();
  expect_a_likelihood_said_alike(*build(shape), shape);
}

/// That [k, batch] log-weights are of the likelihood [batch], by the log of their mean and its standard error
/// (delta method).
void expect_an_estimate_of(const Tensor& likelihood, const Tensor& log_weights, const char* whose) {
  const Tensor all = log_weights.to(at::kDouble);
  const Tensor largest = at::amax(all, {0});
  const Tensor w = at::exp(all - largest);
  const Tensor estimate = largest + at::log(w.mean(0));
  const Tensor error = w.std(0) / w.mean(0) / std::sqrt(static_cast<double>(all.size(0)));
  EXPECT_TRUE(((estimate - likelihood).abs() <= 4 * error + 1e-4).all().item<bool>())
      << whose << ": " << estimate << " for " << likelihood << ", standard errors " << error;
  EXPECT_LT(error.max().item<double>(), 0.2) << whose << ": too noisy for the test to see a difference";
}

/// On small images, and with codes that are easy to cover by draws.
const std::vector<Variant> exact_variants{
    {.needs = {{"backbone.hidden", ""}, {"likelihood", "gaussian"}},
     .wants = {{"latent", "2"}, {"sigma", "0.5"}}},
    {.needs = {{"variables", "8"}}, .wants = {{"backbone.hidden", "16"}}},
};

TEST_P(EveryModel, EstimatesTheLikelihoodThatItSaysExactly) {
  const at::NoGradGuard no_grad;
  if (dynamic_cast<ExactLikelihood*>(build(supported().front()).get()) == nullptr) return;
  int tried = 0;
  for (const Variant& variant : exact_variants) {
    const auto settings = settings_of(entry(), variant);
    if (!settings) continue;
    const auto taken = supported(*settings, {{1, 4, 4}, {1, 8, 8}, {1, 28, 28}});
    ASSERT_FALSE(taken.empty());
    const Shape shape = taken.front();
    const auto model = build(*settings, shape);
    auto& exact = dynamic_cast<ExactLikelihood&>(*model);
    auto* latent = dynamic_cast<LatentVariable*>(model.get());
    if (exact.no_exact_likelihood() || latent == nullptr) continue;
    ++tried;
    const Batch batch = batch_of(shape);
    const Tensor likelihood = exact.log_likelihood(batch).to(at::kDouble);
    ASSERT_EQ(likelihood.sizes(), (Shape{batch_size}));
    constexpr int64_t k = 20'000;
    Noise noise(1, Purpose::evaluation);
    const Tensor weights = latent->log_weights(batch, k, noise);
    expect_an_estimate_of(likelihood, weights, "log_weights");
    EXPECT_TRUE((weights.to(at::kDouble).mean(0) < likelihood).all().item<bool>()) << "an ELBO is a bound";
    if (auto* prior = dynamic_cast<PriorProposal*>(model.get())) {
      Noise other(2, Purpose::evaluation);
      expect_an_estimate_of(likelihood, prior->prior_log_weights(batch, k, other), "prior_log_weights");
    }
  }
  EXPECT_GT(tried, 0) << "no settings in exact_variants give this model its exact likelihood: add some";
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

TEST_P(EveryModel, AnswersToWhatItIsGivenWhenItSaysSo) {
  for (const Shape& shape : supported()) expect_answers_to_a_condition(*build(shape), shape);
}

/// Settings that make another model of a model.
const std::vector<Variant> other_variants{
    {.needs = {{"given", "quadrants"}}},
    {.needs = {{"given", "quadrants"}, {"quadrants", "3"}}},
    {.needs = {{"prior", "standard"}}},
    {.needs = {{"prior", "learned"}}},
};

TEST_P(EveryModel, KeepsItsPromisesWithOtherSettings) {
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

INSTANTIATE_TEST_SUITE_P(Menu, EveryModel, testing::ValuesIn(models::menu().begin(), models::menu().end()),
                         [](const auto& each) { return std::string(each.param->name); });

}  // namespace
}  // namespace isthmus
