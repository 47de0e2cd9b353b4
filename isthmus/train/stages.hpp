#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "isthmus/core/model.hpp"

namespace isthmus::train {

/// A stretch of a training: one layer of the model alone, or the whole of it. Every stage has its optimiser
/// and its schedules to itself.
struct Stage {
  std::optional<int64_t> layer = {};  ///< none: the whole model
  int64_t first = 0;                  ///< its first step, of all steps of the training
  int64_t length = 0;

  int64_t end() const { return first + length; }
  std::string name() const;  ///< "layer 0", "whole"
};

/// The stages of a training, in their order: layers 0, 1, …, then the whole. Steps count over all of them.
class Stages {
 public:
  /// `layers` is 0 without pre-training.
  Stages(int64_t layers, int64_t layer_steps, int64_t whole_steps)
      : layers_(layers), layer_steps_(layer_steps), whole_steps_(whole_steps) {}

  int64_t count() const { return layers_ + 1; }
  int64_t steps() const { return whole().end(); }
  Stage whole() const { return {{}, layers_ * layer_steps_, whole_steps_}; }

  /// The stage that step `step` (from 0) belongs to; after the last step, the whole.
  Stage at(int64_t step) const;

  /// How many steps of a schedule the first `steps` steps have seen: those of the stage that came furthest.
  int64_t seen(int64_t steps) const;

 private:
  int64_t layers_;
  int64_t layer_steps_;
  int64_t whole_steps_;
};

/// The loss that a stage minimises: the model's own, or that of one layer of a Layerwise.
Loss loss_of(const Stage& stage, Model& model, const Batch& batch, Step& step);

}  // namespace isthmus::train
