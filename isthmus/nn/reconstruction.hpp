#pragma once

#include "isthmus/core/model.hpp"
#include "isthmus/nn/network.hpp"

namespace isthmus::nn {

/// squared_error: of linear outputs. sigmoid_squared_error: of outputs squashed to 0 … 1. cross_entropy: of
/// such outputs, −Σ x log y + (1−x) log(1−y), in nats.
enum class ReconstructionLoss { squared_error, sigmoid_squared_error, cross_entropy };

/// How far what comes back is from x: what a deterministic autoencoder minimises. Sums over the elements of
/// an example, never means.
class Reconstruction {
 public:
  /// Throws UsageError when squashed outputs cannot reach the data.
  Reconstruction(ReconstructionLoss loss, const DataSpec& data);

  /// Lets `decoder` start at `mean`, that of the data, [shape…]; leaves it as it is where that is undefined.
  void start(Network& decoder, const Tensor& mean) const;

  /// outputs and x [rows, …] → [rows], in float32 or better whatever the precision of the decoder.
  Tensor error(const Tensor& outputs, const Tensor& x) const;

  /// What the outputs stand for, [rows, shape…].
  Tensor image(const Tensor& outputs) const;

 private:
  ReconstructionLoss loss_;
  Shape shape_;
};

}  // namespace isthmus::nn
