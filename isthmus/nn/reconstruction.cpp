#include "isthmus/nn/reconstruction.hpp"

#include <fmt/format.h>

#include "isthmus/core/enum_names.hpp"
#include "isthmus/core/error.hpp"
#include "isthmus/nn/initial.hpp"
#include "isthmus/ops/likelihood.hpp"

namespace isthmus::nn {
namespace {

/// [rows, …] → [rows, elements], float32 or better.
Tensor precise(const Tensor& t) {
  const Tensor flat = t.flatten(1);
  return flat.scalar_type() == at::kDouble ? flat : flat.to(at::kFloat);
}

}  // namespace

Reconstruction::Reconstruction(ReconstructionLoss loss, const DataSpec& data)
    : loss_(loss), shape_(data.shape) {
  if (loss != ReconstructionLoss::squared_error && !data.unit)
    throw UsageError({.who = "loss",
                      .expected = fmt::format("values from 0 to 1 under {}", enum_name(loss)),
                      .got = "data with values outside",
                      .hint = "--loss squared_error, or data scaled to 0 … 1"});
}

void Reconstruction::start(Network& decoder, const Tensor& mean) const {
  if (mean.defined()) start_at_mean(decoder.output_bias(), mean, loss_ != ReconstructionLoss::squared_error);
}

Tensor Reconstruction::error(const Tensor& outputs, const Tensor& x) const {
  const Tensor y = precise(outputs);
  const Tensor target = precise(x);
  switch (loss_) {
    case ReconstructionLoss::squared_error:
      return (y - target).square().sum(1);
    case ReconstructionLoss::sigmoid_squared_error:
      return (at::sigmoid(y) - target).square().sum(1);
    case ReconstructionLoss::cross_entropy:
      break;
  }
  return -ops::bernoulli_log_likelihood(y, target);
}

Tensor Reconstruction::image(const Tensor& outputs) const {
  const Tensor y = precise(outputs).reshape(batch_shape(outputs.size(0), shape_));
  return loss_ == ReconstructionLoss::squared_error ? y : at::sigmoid(y);
}

}  // namespace isthmus::nn
