#pragma once

#include <cstdint>
#include <tuple>

#include "isthmus/core/field.hpp"
#include "isthmus/core/schedule.hpp"

namespace isthmus::train {

/// adam: Kingma & Ba 2015; adamw: decoupled weight decay, Loshchilov & Hutter 2019.
enum class Optimiser { adam, adamw };

/// Of matrix products and convolutions. Weights, moments, likelihoods and penalties are float32 in both.
enum class Precision { fp32, bf16 };

/// layerwise: each layer alone first, from the data up, then the whole (Bengio et al. 2007).
enum class Pretrain { none, layerwise };

/// The `--fit.*` words, shared by all trainings.
struct FitConfig {
  int64_t steps = 20000;
  int64_t epochs = 0;
  int64_t batch = 100;
  Pretrain pretrain = Pretrain::none;
  int64_t pretrain_steps = 2000;
  Optimiser optimiser = Optimiser::adam;
  Schedule learning_rate = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0;
  double clip = 0;
  Precision precision = Precision::fp32;
  int64_t log_every = 100;
  int64_t evaluate_every = 1000;
  int64_t checkpoint_every = 2000;

  static constexpr auto fields() {
    return std::tuple{
        field<&FitConfig::steps>("training steps, one batch each", positive),
        field<&FitConfig::epochs>("passes over the training examples; sets `steps` when above 0",
                                  non_negative),
        field<&FitConfig::batch>("examples a step", positive),
        field<&FitConfig::pretrain>(
            "layerwise trains each layer alone first, from the data up, each with a fresh optimiser"),
        field<&FitConfig::pretrain_steps>("of layerwise: steps a layer, before `steps` of the whole",
                                          positive),
        field<&FitConfig::optimiser>("adam, or adamw with decoupled weight decay"),
        field<&FitConfig::learning_rate>(
            "step size; a schedule over steps, which each stage of pre-training begins anew", non_negative),
        field<&FitConfig::beta1>("decay of the first moment", below_one),
        field<&FitConfig::beta2>("decay of the second moment", below_one),
        field<&FitConfig::epsilon>("added to the root of the second moment", positive),
        field<&FitConfig::weight_decay>("pull of the weights to 0", non_negative),
        field<&FitConfig::clip>("largest norm of the gradient; 0 never clips", non_negative),
        field<&FitConfig::precision>(
            "of matrix products and convolutions: fp32, or bf16, which processors with instructions for it "
            "multiply several times faster; everything else stays fp32"),
        field<&FitConfig::log_every>("steps between lines of metrics.jsonl", positive),
        field<&FitConfig::evaluate_every>("steps between looks at the validation examples; 0 never looks",
                                          non_negative),
        field<&FitConfig::checkpoint_every>("steps between checkpoints; 0 saves at the end alone",
                                            non_negative),
    };
  }
};

}  // namespace isthmus::train
