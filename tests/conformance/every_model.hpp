#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "isthmus/core/error.hpp"
#include "isthmus/core/model_entry.hpp"

namespace isthmus::testing {

inline const std::vector<Shape> shapes{{1, 28, 28}, {1, 32, 32}, {3, 32, 32}, {1, 64, 64}};
inline constexpr int64_t batch_size = 4;

inline DataSpec spec_of(const Shape& shape) {
  return {.shape = shape, .classes = 3, .binary = true, .mean = at::full(shape, 0.3F)};
}

inline Batch batch_of(const Shape& shape) {
  Shape sizes{batch_size};
  sizes.insert(sizes.end(), shape.begin(), shape.end());
  Noise noise(5, Purpose::evaluation);
  return {.x = noise.bernoulli(at::full(sizes, 0.3F)), .labels = at::arange(batch_size) % 3};
}

inline Step step_at(int64_t index) {
  return {index, Noise(7, Purpose::training, index)};
}

/// Settings other than a model's defaults, without naming a model: tried where it has all that are in
/// `needs`; those of `wants` that it has are set too.
struct Variant {
  using Words = std::vector<std::pair<std::string, std::string>>;
  Words needs;
  Words wants = {};
};

inline bool takes(const Settings& settings, const std::string& path, const std::string& text) {
  const auto is_taken = [&](const Setting& setting) {
    return setting.path == path &&
           (setting.choices.empty() || std::ranges::find(setting.choices, text) != setting.choices.end());
  };
  return std::ranges::any_of(settings.list(), is_taken);
}

/// nullopt where the model lacks one of the settings that the variant needs.
inline std::optional<Settings> settings_of(const ModelEntry& entry, const Variant& variant) {
  Settings settings = entry.defaults;
  for (const auto& [path, text] : variant.needs) {
    if (!takes(settings, path, text)) return std::nullopt;
    settings.set(path, text);
  }
  for (const auto& [path, text] : variant.wants)
    if (takes(settings, path, text)) settings.set(path, text);
  return settings;
}

/// Each file derives a fixture of its own from it: ctest tells files by the names of their suites.
class EveryModel : public ::testing::TestWithParam<const ModelEntry*> {
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
};

/// For INSTANTIATE_TEST_SUITE_P(Menu, Suite, every_entry(), name_of).
inline auto every_entry() {
  return ::testing::ValuesIn(models::menu().begin(), models::menu().end());
}

inline std::string name_of(const ::testing::TestParamInfo<const ModelEntry*>& each) {
  return std::string(each.param->name);
}

inline void expect_a_likelihood_said_alike(Model& model, const Shape& shape) {
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

}  // namespace isthmus::testing
