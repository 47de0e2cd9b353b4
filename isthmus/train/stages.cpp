#include "isthmus/train/stages.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace isthmus::train {

std::string Stage::name() const {
  return layer ? fmt::format("layer {}", *layer) : "whole";
}

Stage Stages::at(int64_t step) const {
  if (step >= whole().first) return whole();
  const int64_t layer = step / layer_steps_;
  return {layer, layer * layer_steps_, layer_steps_};
}

int64_t Stages::seen(int64_t steps) const {
  const int64_t of_layers = layers_ > 0 ? std::min(steps, layer_steps_) : 0;
  return std::max(of_layers, steps - whole().first);
}

Loss loss_of(const Stage& stage, Model& model, const Batch& batch, Step& step) {
  if (!stage.layer) return model.loss(batch, step);
  return dynamic_cast<Layerwise&>(model).layer_loss(*stage.layer, batch, step);
}

}  // namespace isthmus::train
