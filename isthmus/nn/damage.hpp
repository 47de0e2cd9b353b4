#pragma once

#include <cstdint>
#include <tuple>

#include "isthmus/core/model.hpp"
#include "isthmus/nn/corruption.hpp"

namespace isthmus::nn {

/// How a metric or picture damages examples: as the model's training did where the model has a corruption of
/// its own (a Denoiser), else by `corruption`. A Config takes it in by inlined<&Config::damage>().
struct Damage {
  bool own = true;
  Corruption corruption = {};

  static constexpr auto fields() {
    return std::tuple{
        field<&Damage::own>(
            "damage as the model's own training did, where it did; the settings below otherwise"),
        inlined<&Damage::corruption>(),
    };
  }
};

/// A damaged copy of x, examples `first`, `first` + 1, … of a split: [batch, shape…] → the same. What an
/// example suffers depends on `seed` and its place in the split alone, and is none of what training draws.
Tensor damaged(Model& model, const Damage& damage, const Tensor& x, uint64_t seed, int64_t first);

}  // namespace isthmus::nn
