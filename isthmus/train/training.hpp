#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "isthmus/core/dataset.hpp"
#include "isthmus/core/model.hpp"
#include "isthmus/train/flat_parameters.hpp"
#include "isthmus/train/recipe.hpp"
#include "isthmus/train/stages.hpp"

namespace isthmus::train {

/// A model as its recipe builds it, with the data that it learns from.
struct Built {
  Data data;
  std::shared_ptr<Model> model;
};
/// Throws what load_data and the model's constructor throw, and UsageError when the device is not there.
Built build(const Recipe& recipe);
/// The model alone, for data of that kind.
std::shared_ptr<Model> build_model(const Recipe& recipe, const DataSpec& spec);

/// A training under way: what changes from step to step, and all that a checkpoint must hold.
class Training {
 public:
  /// Throws what build() throws, and UsageError when a batch is larger than the training split, or the model
  /// has no layers that `fit.pretrain` could train one by one.
  explicit Training(const Recipe& recipe) : Training(recipe, build(recipe)) {}

  /// The same with a model and data that were built in some other way.
  Training(const Recipe& recipe, Built built);

  const Recipe& recipe() const { return recipe_; }
  const FitConfig& config() const { return recipe_.fit(); }
  const Data& data() const { return built_.data; }
  /// Whoever writes its weights between steps calls parameters().refresh_shadow() after it.
  Model& model() const { return *built_.model; }
  const FlatParameters& parameters() const { return parameters_; }

  const Stages& stages() const { return stages_; }
  Stage stage() const { return stages_.at(step_); }  ///< that the next step belongs to
  int64_t steps() const { return stages_.steps(); }  ///< in all; from fit.epochs when that is given
  int64_t step() const { return step_; }             ///< done so far
  double seconds = 0;                                ///< spent on them, over all starts

  /// Clips the gradient of `loss`, moves the parameters one step of the optimiser, and lets the model update
  /// its averages. While one layer is trained alone, nothing but its parameters changes. Throws Error when
  /// the gradient is not finite. Without clipping that shows only when the parameters have moved, so that the
  /// training is then beyond repair: whatever is asked of it next throws again, and only load() helps.
  void advance(const Loss& loss);

  /// Everything that continuing needs, in one file, so that a kill between two writes cannot tear it apart.
  /// Both throw Error; load() also when the file is not of this recipe's model, and changes nothing then.
  void save(const std::filesystem::path& path) const;
  void load(const std::filesystem::path& path);

 private:
  Recipe recipe_;
  Built built_;
  FlatParameters parameters_;
  Tensor first_moment_;
  Tensor second_moment_;
  Stages stages_;
  bool broken_ = false;  // by a gradient that was not finite
  int64_t step_ = 0;
};

}  // namespace isthmus::train
