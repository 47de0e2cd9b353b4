#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "isthmus/train/training.hpp"

namespace isthmus::train {

using Terms = std::vector<std::pair<std::string, double>>;

/// What observers are told. `terms` are those of the loss that `stage` minimises, in nats or squared error an
/// example.
struct Event {
  enum class Kind {
    step,        ///< a step is done; `terms` are that step's
    validation,  ///< `terms` are means over the validation examples
    checkpoint,  ///< the state is good and should be kept
  };
  Kind kind;
  const Training& training;
  Stage stage;  ///< that the step just done belongs to
  Terms terms = {};
};

/// Progress line, log, checkpointer, previews: plain functions of an event. They may throw to end the
/// training.
using Observer = std::function<void(const Event&)>;

/// The parts of a step, in their order.
enum class Part { forward, backward, optimiser };

/// One step of the training on `batch`: loss, gradient, optimiser. Returns the terms of its loss. Calls
/// done(part) after each part. Throws Error when the loss is not finite, and what advance() throws.
Terms take_step(Training& training, const Batch& batch, const std::function<void(Part)>& done = {});

/// Trains until training.steps() are done; starts where `training` stands. Throws Error when the loss is no
/// longer finite (the last checkpoint is untouched), and Interrupted, after a last checkpoint, once
/// request_stop() was called.
void fit(Training& training, const std::vector<Observer>& observers);

/// Asks a running fit() to save its state and stop after the step at hand. Safe in a signal handler.
void request_stop() noexcept;

/// The model in its evaluation mode (no dropout, no corruption) for as long as this lives.
class Evaluating {
 public:
  explicit Evaluating(Model& model) : model_(model), training_(model.is_training()) { model_.eval(); }
  ~Evaluating() { model_.train(training_); }
  Evaluating(const Evaluating&) = delete;
  Evaluating& operator=(const Evaluating&) = delete;

 private:
  Model& model_;
  bool training_;
};

/// Means over a split of the terms of a stage's loss, in their units (nats or squared error an example), in
/// evaluation mode, the model's schedules as they are at step `index` of the stage. Throws UsageError when
/// the split is empty.
Terms evaluate_loss(const Stage& stage, Model& model, const Data& data, Split split, int64_t batch,
                    uint64_t seed, int64_t index);

}  // namespace isthmus::train
